package bolt

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/stanch-dev/stanch/vault/storage"
)

const (
	// format is the number of the layout this program writes: two buckets, one with
	// the format in decimal, one with the records as they are.
	format       = 1
	formatBucket = "stanch"
	formatKey    = "format"
	dataBucket   = "data"

	// lockWait is how long Open waits for a process that is about to end.
	lockWait = 500 * time.Millisecond

	// reserved is how much address space the file is mapped in: 64 GiB, nothing
	// where addresses have 32 bits. As long as the file is smaller it is never
	// mapped anew, for which bbolt would have to wait until all Views have ended.
	reserved = math.MaxInt>>27 + 1

	// step is by how much the file grows at a time, in bytes. Each time costs an
	// fsync more; what is not yet written takes no room on the disk.
	step = 4 << 20

	// private is the mode of the file: of use to its owner alone.
	private = 0o600
)

// Options are the choices of Open. The zero value is the default of each.
type Options struct {
	// MaxSize is how large the file may become, in bytes; 0 is no limit. Beyond it
	// Updates are ErrFull. It is kept to within 4 MiB, the step the file grows by.
	MaxSize int
}

// Open opens the store in the file at path, and makes it, with mode 0600, if there
// is none. It refuses a file that others may read, one that is open elsewhere
// (ErrInUse, after half a second), one that is cut or no store at all (ErrDamaged),
// and one of another program or a newer stanch (ErrFormat).
func Open(path string, o Options) (*Store, error) {
	// Pages behind the end of a cut file are then a panic, which is caught below.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	db, file, err := openFile(path, o.MaxSize)
	if err != nil {
		return nil, err
	}
	db.AllocSize = step
	s := &Store{path: path, db: db}
	if err := errors.Join(s.examine(file), syncDir(filepath.Dir(path))); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// openFile opens and locks a file of bbolt's, and returns it beside the database,
// which owns it.
func openFile(path string, maxSize int) (db *bbolt.DB, file *os.File, err error) {
	defer func() {
		if r := recover(); r != nil {
			file.Close() // and with it goes the lock
			err = damaged(path, r)
		}
	}()
	db, err = bbolt.Open(path, private, &bbolt.Options{
		Timeout:         lockWait,
		FreelistType:    bbolt.FreelistMapType,
		InitialMmapSize: reserved,
		MaxSize:         maxSize,
		NoStatistics:    true,
		OpenFile: func(name string, flag int, mode os.FileMode) (_ *os.File, err error) {
			file, err = openPrivate(name, flag, mode)
			return file, err
		},
	})
	switch {
	case err == nil:
		return db, file, nil
	case errors.Is(err, berrors.ErrTimeout):
		return nil, nil, fmt.Errorf("%w: %s is locked: stop the process that has it, or choose another file", storage.ErrInUse, path)
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrChecksum), errors.Is(err, berrors.ErrVersionMismatch):
		return nil, nil, damaged(path, err)
	}
	return nil, nil, fmt.Errorf("storage: opening %s: %w", path, err)
}

// openPrivate opens a plain file that nobody but its owner may use.
func openPrivate(name string, flag int, mode os.FileMode) (*os.File, error) {
	f, err := os.OpenFile(name, flag, mode)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = errors.New("it is no plain file")
	case info.Mode().Perm()&^private != 0:
		err = fmt.Errorf("its mode is %v, so others may use it: chmod 600 it", info.Mode().Perm())
	default:
		return f, nil
	}
	return nil, errors.Join(err, f.Close())
}

// examine checks that the open file is a whole store in a known format, and makes a
// new file one.
func (s *Store) examine(file *os.File) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = damaged(s.path, r)
		}
	}()
	fresh := false
	err = s.db.View(func(tx *bbolt.Tx) error {
		if err := whole(s.path, file, tx.Size()); err != nil {
			return err
		}
		first, _ := tx.Cursor().First()
		fresh = first == nil
		if fresh {
			return nil
		}
		if err := known(s.path, tx.Bucket([]byte(formatBucket))); err != nil {
			return err
		}
		if tx.Bucket([]byte(dataBucket)) == nil {
			return damaged(s.path, "its records are gone")
		}
		return nil
	})
	if err != nil || !fresh {
		return err
	}
	return s.db.Update(func(tx *bbolt.Tx) error {
		if _, err := tx.CreateBucket([]byte(dataBucket)); err != nil {
			return err
		}
		bucket, err := tx.CreateBucket([]byte(formatBucket))
		if err != nil {
			return err
		}
		return bucket.Put([]byte(formatKey), strconv.AppendInt(nil, format, 10))
	})
}

// whole checks that file is still what stands at path, not replaced by Compact while
// Open waited for the lock, and has the size in bytes that its pages need.
func whole(path string, file *os.File, size int64) error {
	named, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	opened, err := file.Stat()
	switch {
	case err != nil:
		return fmt.Errorf("storage: %w", err)
	case !os.SameFile(named, opened):
		return fmt.Errorf("%w: %s was replaced while it was opened: try again", storage.ErrInUse, path)
	case opened.Size() < size:
		return damaged(path, fmt.Sprintf("it is cut, %d of %d bytes are there", opened.Size(), size))
	}
	return nil
}

// known checks the format that a file says it has.
func known(path string, bucket *bbolt.Bucket) error {
	if bucket == nil {
		return fmt.Errorf("%w: %s is a bbolt file of another program", storage.ErrFormat, path)
	}
	switch n, err := strconv.Atoi(string(bucket.Get([]byte(formatKey)))); {
	case err != nil || n < 1:
		return damaged(path, "it does not say its format")
	case n > format:
		return fmt.Errorf("%w: %s has format %d, of a newer stanch; this one knows up to %d: upgrade it",
			storage.ErrFormat, path, n, format)
	}
	return nil
}

// syncDir makes the names in a folder durable.
func syncDir(name string) error {
	dir, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return fmt.Errorf("storage: syncing the folder %s: %w", name, err)
	}
	return nil
}
