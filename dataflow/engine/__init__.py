"""Graph -> a program that runs: lowering, fusion into regions, the memory plan, and the tile loop."""
