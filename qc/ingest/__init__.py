"""Files → recordings and conversations: manifests, chats, tickets, transcripts of other products."""
