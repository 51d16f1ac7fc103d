package activate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/stanch-dev/stanch/policies/source"
)

// The names in an active directory.
const (
	dataLink    = "..data"
	linkTemp    = "..data_new" // becomes dataLink
	stagedName  = "..new"      // becomes a generation
	historyFile = "..history"
	lockFile    = "..lock"
)

// maxKept is how many generations are kept besides the one in force.
const maxKept = 3

var generationName = regexp.MustCompile(`^\.\.([0-9a-f]{16})$`)

// directory is an active directory whose lock is held.
type directory struct {
	path string
	lock *os.File
}

// open locks the active directory at path, and makes it if need be. What a crash
// left half done is removed.
func open(path string) (*directory, error) {
	if err := os.Mkdir(path, 0o755); err == nil {
		if err := syncDir(filepath.Dir(filepath.Clean(path))); err != nil {
			return nil, err
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	lock, err := lockPath(filepath.Join(path, lockFile))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	d := &directory{path, lock}
	if err := errors.Join(os.RemoveAll(d.staged()), os.RemoveAll(filepath.Join(path, linkTemp))); err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

func (d *directory) close() { unlock(d.lock) }

func (d *directory) staged() string { return filepath.Join(d.path, stagedName) }

func (d *directory) generation(revision string) string {
	return filepath.Join(d.path, ".."+revision)
}

// current returns the revision in force, or "" if there is none.
func (d *directory) current() (string, error) {
	target, err := os.Readlink(filepath.Join(d.path, dataLink))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	name := generationName.FindStringSubmatch(target)
	if name == nil {
		return "", fmt.Errorf("%s/%s is a link to %q, which was not activated from here; if Kubernetes manages this volume, change the ConfigMap", d.path, dataLink, target)
	}
	return name[1], nil
}

// stage copies the policy directory from to the staging place and reads the copy.
func (d *directory) stage(from string) (source.Documents, error) {
	root := from
	if generation, err := filepath.EvalSymlinks(filepath.Join(from, dataLink)); err == nil {
		root = generation
	}
	if err := os.RemoveAll(d.staged()); err != nil {
		return source.Documents{}, err
	}
	if err := copyTree(root, d.staged(), from); err != nil {
		return source.Documents{}, err
	}
	return source.FromFS(os.DirFS(d.staged()), from)
}

// keep makes what is staged the generation called revision, if it still is that.
func (d *directory) keep(revision string) error {
	docs, err := source.FromFS(os.DirFS(d.staged()), d.staged())
	if err != nil {
		return err
	}
	if docs.Revision != revision || generationName.FindString(".."+revision) == "" {
		return fmt.Errorf("the copy in %s is not what was checked any more: its revision is %q instead of %q", d.staged(), docs.Revision, revision)
	}
	if d.verify(revision) == nil {
		return nil // activated before, and still here
	}
	if err := os.RemoveAll(d.generation(revision)); err != nil {
		return err
	}
	if err := os.Rename(d.staged(), d.generation(revision)); err != nil {
		return err
	}
	return syncDir(d.path)
}

// verify returns an error if the generation called revision is not, or is not as it
// was activated.
func (d *directory) verify(revision string) error {
	docs, err := source.FromFS(os.DirFS(d.generation(revision)), d.generation(revision))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("generation %s is not kept any more", revision)
	}
	if err == nil && docs.Revision != revision {
		err = fmt.Errorf("generation %s was changed: its revision is now %s", revision, docs.Revision)
	}
	return err
}

// link puts the generation called revision in force.
func (d *directory) link(revision string) error {
	temp := filepath.Join(d.path, linkTemp)
	if err := os.Symlink(".."+revision, temp); err != nil {
		return err
	}
	if err := os.Rename(temp, filepath.Join(d.path, dataLink)); err != nil {
		return err
	}
	return syncDir(d.path)
}

// prune removes the generations that are neither in force nor among those that were
// in force last.
func (d *directory) prune() error {
	current, err := d.current()
	if err != nil {
		return err
	}
	history, err := d.history()
	if err != nil {
		return err
	}
	keep := []string{current}
	for _, e := range slices.Backward(history) {
		for _, revision := range []string{e.Revision, e.Previous} {
			if len(keep) <= maxKept && revision != "" && !slices.Contains(keep, revision) {
				keep = append(keep, revision)
			}
		}
	}
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if name := generationName.FindStringSubmatch(e.Name()); name != nil && !slices.Contains(keep, name[1]) {
			err = errors.Join(err, os.RemoveAll(filepath.Join(d.path, e.Name())))
		}
	}
	return err
}

// plain returns the names in the directory that do not belong to its layout.
func (d *directory) plain() ([]string, error) {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names, nil
}
