package chain

import (
	"bufio"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"strings"
)

// MaxLine is the longest line that Verify takes for one of a chain, in bytes.
const MaxLine = 32 << 20

// lines reads a log line by line in bounded memory.
type lines struct {
	file io.Closer
	r    *bufio.Reader
	long []byte // a line that did not fit the reader's buffer
}

// open opens a log; one whose name ends in .gz is unpacked.
func open(name string) (*lines, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	var r io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			_ = f.Close()
			return nil, err
		}
	}
	return &lines{file: f, r: bufio.NewReaderSize(r, 64<<10)}, nil
}

// next returns the next line without its newline, valid until the call after, and
// whether it had a newline. Of a line beyond MaxLine it returns the beginning.
func (l *lines) next() (line []byte, whole bool, err error) {
	l.long = l.long[:0]
	for {
		part, err := l.r.ReadSlice('\n')
		switch {
		case err == nil:
			part = part[:len(part)-1]
			if len(l.long) == 0 {
				return part, true, nil
			}
			return l.keep(part), len(l.long) <= MaxLine, nil
		case errors.Is(err, bufio.ErrBufferFull):
			l.keep(part)
		case errors.Is(err, io.EOF) && len(part)+len(l.long) > 0:
			return l.keep(part), false, nil
		default:
			return nil, false, err
		}
	}
}

func (l *lines) keep(part []byte) []byte {
	l.long = append(l.long, part[:min(len(part), MaxLine+1-len(l.long))]...)
	return l.long
}

func (l *lines) close() { _ = l.file.Close() }
