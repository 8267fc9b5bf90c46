#!/usr/bin/env python3
from _checkout import run_command

if __name__ == "__main__":
    run_command(__file__)
