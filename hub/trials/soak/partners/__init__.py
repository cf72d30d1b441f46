"""The soak of the partners: agencies on every channel, whose own side fails, hangs and comes back while processes are killed."""
