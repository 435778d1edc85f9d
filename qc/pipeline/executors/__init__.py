"""Where tasks run: in this process, in worker processes of this machine, on a cluster. One protocol, one file each."""
