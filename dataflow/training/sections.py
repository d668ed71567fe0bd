"""The sections of graph files that training declares, and what else must be right in them."""

from __future__ import annotations

from dataflow.graphfile.sections import Section
from dataflow.training import row_checks, train_checks
from dataflow.training.data.checks import check_files, check_headers
from dataflow.training.data.headers import names_in
from dataflow.training.data.section import Data
from dataflow.training.train_section import Train

DATA = Section(Data, check_files=check_files, check_headers=check_headers, names=names_in)
TRAIN = Section(Train, check=train_checks.check, check_files=row_checks.check, check_headers=row_checks.check_headers)
