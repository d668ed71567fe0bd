"""Arithmetic that several blocks share: functions of arrays, and no Block class."""
