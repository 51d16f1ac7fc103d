package activate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// convert makes plain files the first generation and puts it in force. Whoever reads
// the directory sees the same text before and after.
func (a *activation) convert(context.Context) error {
	plain, err := a.plain()
	if err != nil || len(plain) == 0 {
		return err
	}
	current, err := a.current()
	if err != nil {
		return err
	}
	if !a.Convert {
		if current != "" {
			return fmt.Errorf("%s has files beside %s, which nothing reads: %s; move them away", a.path, dataLink, strings.Join(plain, ", "))
		}
		return fmt.Errorf("%s holds plain files, which cannot be replaced all at once; convert it to generations (see the option Convert), or activate into another directory", a.path)
	}
	if current != "" {
		return nil // converted before, but for clearing
	}
	docs, err := a.stage(a.path)
	if err != nil {
		return err
	}
	if err := a.keep(docs.Revision); err != nil {
		return err
	}
	if err := a.record(Entry{Time: when(a.Time), By: a.By, Action: Converted, Revision: docs.Revision, From: a.path}); err != nil {
		return err
	}
	return a.link(docs.Revision)
}

// clear removes plain files, if each is in the generation in force as it is.
func (a *activation) clear(context.Context) error {
	plain, err := a.plain()
	if err != nil || len(plain) == 0 {
		return err
	}
	current, err := a.current()
	if err != nil {
		return err
	}
	for _, name := range plain {
		if err := a.sameAsIn(a.generation(current), name); err != nil {
			return err
		}
	}
	for _, name := range plain {
		if err := os.RemoveAll(filepath.Join(a.path, name)); err != nil {
			return err
		}
	}
	return syncDir(a.path)
}

// sameAsIn returns an error if a file in name is not in the folder generation, or is
// another there.
func (a *activation) sameAsIn(generation, name string) error {
	return filepath.WalkDir(filepath.Join(a.path, name), func(file string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		relative, err := filepath.Rel(a.path, file)
		if err != nil {
			return err
		}
		kept, err := os.ReadFile(filepath.Join(generation, relative))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		text, errText := os.ReadFile(file)
		if err != nil || errText != nil || !e.Type().IsRegular() || !bytes.Equal(kept, text) {
			return fmt.Errorf("%s is not what is in force: %s has another text or none; move it away", file, generation)
		}
		return nil
	})
}
