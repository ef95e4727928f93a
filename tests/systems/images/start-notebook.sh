#!/bin/bash
exec jupyter-notebook --ip=0.0.0.0 --no-browser "$@"
