"""Who speaks: voices told apart on a shared channel, roles by channels and by what is said."""
