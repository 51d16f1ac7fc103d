package seal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Read returns the bytes behind a reference, as they are: `file:PATH` of a regular file
// that only its owner may read, or `env:NAME` of a variable that is not empty. More
// than limit bytes are an error. The memory belongs to the caller.
func Read(reference string, limit int) ([]byte, error) {
	kind, name, _ := strings.Cut(reference, ":")
	switch {
	case name == "":
	case kind == "env":
		value, set := os.LookupEnv(name)
		if !set || value == "" {
			return nil, fmt.Errorf("env:%s: the variable is not set", name)
		}
		if len(value) > limit {
			return nil, fmt.Errorf("env:%s: %d bytes, at most %d are read", name, len(value), limit)
		}
		return []byte(value), nil
	case kind == "file":
		return readFile(name, limit)
	}
	return nil, errors.New("a secret is given as file:PATH or env:NAME, never in the configuration itself")
}

// readFile looks at the file it has open, so that the one it read is the one it checked.
func readFile(path string, limit int) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	switch mode := info.Mode(); {
	case !mode.IsRegular():
		return nil, fmt.Errorf("%s: not a regular file", path)
	case mode.Perm()&0o077 != 0:
		return nil, fmt.Errorf("%s: its mode is %#o, so that others may read it: chmod 0600 it, or mount it with mode 0400", path, mode.Perm())
	}
	text, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err != nil {
		return nil, err
	}
	if len(text) > limit {
		return nil, fmt.Errorf("%s: more than %d bytes", path, limit)
	}
	return text, nil
}
