"""What goes by mail: what it may show, in which words, when, and to whom it may go at all. Pure."""
