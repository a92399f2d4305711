"""How messages leave: as mail to a server, as files, as letters; and who may speak."""
