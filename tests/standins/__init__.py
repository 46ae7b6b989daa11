"""Stand-ins of services outside the machine: real servers on loopback that speak their protocol."""
