"""Files: arrays and text read with suspicion, and files that are written whole or not at all."""

from dataflow.files.arrays import ArrayFile as ArrayFile
from dataflow.files.arrays import Entry as Entry
from dataflow.files.regular import RegularFile as RegularFile
from dataflow.files.regular import ResolvedPath as ResolvedPath
from dataflow.files.regular import Unreadable as Unreadable
from dataflow.files.regular import neighbour as neighbour
