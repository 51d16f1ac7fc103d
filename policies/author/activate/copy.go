package activate

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Limits of what is copied: policies, and what people keep beside them.
const (
	maxCopied = 64 << 20 // bytes
	maxFiles  = 5000
)

// copyTree copies the files of the folder root to the new folder to, and has them on
// disk when it returns. Names that begin with a dot are left out; what is neither a
// file nor a folder is an error, since a link could be to anything later. Errors call
// root name.
func copyTree(root, to, name string) error {
	from, err := os.OpenRoot(root)
	if err != nil {
		return err
	}
	defer from.Close()
	total, files := int64(0), 0
	folders := []string{}
	err = fs.WalkDir(from.FS(), ".", func(file string, e fs.DirEntry, err error) error {
		shown, target := filepath.Join(name, file), filepath.Join(to, file)
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", shown, err)
		case file != "." && strings.HasPrefix(e.Name(), "."):
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		case e.IsDir():
			folders = append(folders, target)
			return os.Mkdir(target, 0o755)
		case !e.Type().IsRegular():
			return fmt.Errorf("%s: not a regular file; links are not followed, since what they lead to can change", shown)
		}
		n, err := copyFile(from, file, target, maxCopied-total)
		if err != nil {
			return fmt.Errorf("%s: %w", shown, err)
		}
		total += n
		if files++; files > maxFiles {
			return fmt.Errorf("%s: more than %d files", name, maxFiles)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, folder := range folders {
		if err := syncDir(folder); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(from *os.Root, file, target string, limit int64) (n int64, err error) {
	in, err := from.Open(file)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	if info, err := in.Stat(); err != nil || !info.Mode().IsRegular() {
		return 0, errors.Join(err, errors.New("not a regular file"))
	}
	out, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return 0, err
	}
	n, err = io.Copy(out, io.LimitReader(in, limit+1))
	if err == nil && n > limit {
		err = fmt.Errorf("more than %d MiB to copy", maxCopied>>20)
	}
	return n, errors.Join(err, out.Sync(), out.Close())
}
