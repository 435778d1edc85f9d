"""Models as files: which there are, how they come to this machine, and what is believed of them."""
