package known

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// Load reads a secret list, of which it makes needles, or an index, whichever the
// file at path is. A list must be a regular file that nobody but its owner may read.
// Errors never contain a value.
func Load(path string) (*Set, error) {
	data, mode, err := read(path)
	if err != nil {
		return nil, err
	}
	if IsIndex(data) {
		ix, err := ReadIndex(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return ix.Set(), nil
	}
	defer clear(data)
	values, err := parseListFile(path, data, mode)
	if err != nil {
		return nil, err
	}
	return Needles(values), nil
}

// LoadList reads the values of the secret list at path, as [ParseList] does. Wipe
// removes them from memory; afterwards they must not be used.
func LoadList(path string) (values []Value, wipe func(), err error) {
	data, mode, err := read(path)
	if err != nil {
		return nil, nil, err
	}
	wipe = func() { clear(data) }
	if IsIndex(data) {
		return nil, nil, fmt.Errorf("%s is an index already", path)
	}
	values, err = parseListFile(path, data, mode)
	if err != nil {
		wipe()
		return nil, nil, err
	}
	return values, wipe, nil
}

func parseListFile(path string, data []byte, mode fs.FileMode) ([]Value, error) {
	if !mode.IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	if open := mode.Perm() &^ 0o600; open != 0 {
		return nil, fmt.Errorf("%s holds secrets and has mode %#o, so that others than its owner may use it; run: chmod 600 %s", path, mode.Perm(), path)
	}
	values, err := ParseList(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(values) == 0 {
		return nil, fmt.Errorf("%s has no secrets in it", path)
	}
	return values, nil
}

// read reads a file of either kind, and the mode of what it read.
func read(path string) ([]byte, fs.FileMode, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe must not make us wait before it is refused
	if err != nil {
		return nil, 0, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("%s is not a regular file", path)
	}
	if info.Size() > maxIndexBytes {
		return nil, 0, fmt.Errorf("%s is longer than %d bytes", path, maxIndexBytes)
	}
	// One buffer of the right size leaves no copies of secrets behind, as growing ones would.
	data := make([]byte, info.Size())
	if _, err := io.ReadFull(file, data); err != nil {
		clear(data)
		return nil, 0, errors.Join(fmt.Errorf("reading %s", path), err)
	}
	return data, info.Mode(), nil
}
