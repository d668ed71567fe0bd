"""Files: arrays and text read defensively, and files written atomically."""

from dataflow.files.array_file import ArrayFile as ArrayFile
from dataflow.files.array_file import Entry as Entry
from dataflow.files.regular_file import RegularFile as RegularFile
from dataflow.files.regular_file import ResolvedPath as ResolvedPath
from dataflow.files.regular_file import Unreadable as Unreadable
from dataflow.files.regular_file import neighbour as neighbour
