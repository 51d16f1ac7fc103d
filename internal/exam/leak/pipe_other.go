//go:build !linux

package main

import (
	"os"
	"time"
)

// awaitEmpty gives the other side time to read what was written to a pipe.
func awaitEmpty(*os.File) { time.Sleep(time.Millisecond) }
