package activate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// maxHistory is how many bytes of history are read: some 100,000 activations.
const maxHistory = 16 << 20

// What an Entry records.
const (
	Activated  = "activate"
	RolledBack = "rollback"
	Converted  = "convert" // plain files became the first generation
)

// Entry is one line of the history of an active directory. It is written before the
// swap. If that did not come to pass, the Previous of the next entry says so.
type Entry struct {
	Time     time.Time `json:"time"`
	By       string    `json:"by"`
	Action   string    `json:"action"` // Activated, RolledBack or Converted
	Revision string    `json:"revision"`
	Previous string    `json:"previous,omitempty"` // empty: there was none
	From     string    `json:"from,omitempty"`     // the candidate's directory
}

// History returns what was put in force in the active directory, oldest first.
func History(active string) ([]Entry, error) { return (&directory{path: active}).history() }

func (d *directory) history() ([]Entry, error) {
	name := filepath.Join(d.path, historyFile)
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxHistory+1))
	if err != nil {
		return nil, err
	}
	return ParseHistory(text, name)
}

// ParseHistory reads the text of a history that errors call file. A last line without
// an end is what a crash left, and no entry.
func ParseHistory(text []byte, file string) ([]Entry, error) {
	if len(text) > maxHistory {
		return nil, errTooLong(file)
	}
	var all []Entry
	for line := 1; ; line++ {
		one, rest, whole := bytes.Cut(text, []byte("\n"))
		if !whole {
			return all, nil
		}
		text = rest
		var e Entry
		if err := json.Unmarshal(one, &e); err != nil {
			return nil, fmt.Errorf("%s:%d: not an entry of a history", file, line)
		}
		all = append(all, e)
	}
}

func errTooLong(file string) error {
	return fmt.Errorf("%s: larger than %d MiB; move it away", file, maxHistory>>20)
}

// record appends e to the history.
func (d *directory) record(e Entry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(d.path, historyFile), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	err = appendLine(f, line)
	return errors.Join(err, f.Sync(), f.Close(), syncDir(d.path))
}

// appendLine writes line in the place of what a crash left behind the last line end.
func appendLine(f *os.File, line []byte) error {
	text, err := io.ReadAll(io.LimitReader(f, maxHistory+1))
	if err != nil {
		return err
	}
	if len(text) > maxHistory {
		return errTooLong(f.Name())
	}
	end := int64(bytes.LastIndexByte(text, '\n') + 1)
	if err := f.Truncate(end); err != nil {
		return err
	}
	_, err = f.WriteAt(append(line, '\n'), end)
	return err
}

// before returns what was in force when revision was activated last.
func (d *directory) before(revision string) (string, error) {
	if revision == "" {
		return "", fmt.Errorf("%s: nothing was activated yet", d.path)
	}
	history, err := d.history()
	if err != nil {
		return "", err
	}
	for _, e := range slices.Backward(history) {
		if e.Revision != revision || e.Action == RolledBack {
			continue
		}
		if e.Previous == "" {
			break
		}
		return e.Previous, nil
	}
	return "", fmt.Errorf("%s: nothing was in force before %s", d.path, revision)
}
