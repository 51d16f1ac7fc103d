package source

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"path"
	"strings"
)

// gitleaks' sizes, in bytes.
const (
	compatRead   = 100_000 // asked of a read
	compatExtend = 25_000  // read on to find a blank line
	compatReader = 4096    // its buffered reader
)

// compat cuts in as gitleaks does. A read is extended byte by byte to a blank line
// through a buffered reader, and what that has left over is the next read: most
// files of more than 100 kB have fragments of less than 4 KiB. It returns the error
// that ended the input early.
func (w *worker) compat(ctx context.Context, in *input) error {
	if w.buf == nil {
		w.buf = make([]byte, compatRead+compatExtend)
		w.reader = bufio.NewReaderSize(nil, compatReader)
	}
	w.reader.Reset(in)
	f := &w.fragment
	f.Offset, f.From, f.Column = 0, 0, 1
	for newlines := 0; ctx.Err() == nil; {
		n, err := w.reader.Read(w.buf[:compatRead])
		if n == 0 {
			if f.Offset == 0 {
				return w.nothing(in, err)
			}
			return in.end(err)
		}
		// A file without a newline yet is checked anew, which is gitleaks' quirk.
		if newlines == 0 && isApplication(w.buf[:n]) {
			w.cov.skip(w.file.Path, Binary)
			return nil
		}
		var failed error
		f.Data, failed = extend(w.reader, w.buf[:n])
		f.To, f.Line = len(f.Data), newlines+1
		newlines += bytes.Count(f.Data, []byte{'\n'})
		w.emit(len(f.Data))
		f.Offset += len(f.Data)
		if err = cmp.Or(failed, err); err != nil {
			return in.end(err)
		}
	}
	return nil
}

// extend reads on from r until data ends in two newlines with nothing but white
// space between them.
func extend(r *bufio.Reader, data []byte) ([]byte, error) {
	if endsInBlankLine(data) {
		return data, nil
	}
	newline := data[len(data)-1] == '\n'
	for most := compatExtend; most > 0; {
		// The first byte is what gitleaks asks for; the others are there anyway.
		if _, err := r.Peek(1); err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return data, err
		}
		ahead, _ := r.Peek(min(r.Buffered(), most))
		n, found := blankLine(ahead, &newline)
		data = append(data, ahead[:n]...)
		r.Discard(n)
		if found {
			break
		}
		most -= n
	}
	return data, nil
}

// blankLine returns the end of the first blank line in data, or its length.
// newline is kept from call to call: whether nothing but white space has come since
// the last newline.
func blankLine(data []byte, newline *bool) (end int, found bool) {
	for i := 0; i < len(data); i++ {
		if !*newline {
			next := bytes.IndexByte(data[i:], '\n')
			if next < 0 {
				break
			}
			i += next
			*newline = true
			continue
		}
		if data[i] == '\n' {
			return i + 1, true
		}
		*newline = isSpace(data[i])
	}
	return len(data), false
}

func endsInBlankLine(data []byte) bool {
	newlines := 0
	for i := len(data) - 1; i >= 0 && isSpace(data[i]); i-- {
		if data[i] == '\n' {
			newlines++
		}
		if newlines == 2 {
			return true
		}
	}
	return false
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\n' || b == '\r' }

// isArchiveName reports whether gitleaks takes a file for an archive by its name.
// Most endings count wherever in the name they stand: x.target.go is a .tar.
func isArchiveName(file string) bool {
	name := strings.ToLower(path.Base(file))
	for _, part := range archiveParts {
		if strings.Contains(name, part) {
			return true
		}
	}
	return strings.HasSuffix(name, ".lz") || strings.HasSuffix(name, ".mz")
}

// archiveParts are from the formats of github.com/mholt/archives v0.1.2.
var archiveParts = []string{".7z", ".br", ".bz2", ".gz", ".lz4", ".rar", ".sz", ".s2", ".tar", ".xz", ".zip", ".zz", ".zst"}
