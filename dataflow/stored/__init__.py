"""What is stored in files, believed only where the rest of the file bears it out."""

from dataflow.stored.arrays import ArrayFile as ArrayFile
from dataflow.stored.arrays import Entry as Entry
from dataflow.stored.regular import Real as Real
from dataflow.stored.regular import RegularFile as RegularFile
from dataflow.stored.regular import Unreadable as Unreadable
from dataflow.stored.regular import neighbour as neighbour
