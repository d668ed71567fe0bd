"""What a block is: dtypes, shapes, ports, attrs, kinds, and the registry in which blocks are found."""
