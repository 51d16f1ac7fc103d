package corpus

import (
	_ "embed"
	"io"
	"time"
)

//go:embed languages.txt
var languages string

// NonEnglish writes logs, comments, translations and code in Chinese, Russian,
// Arabic and Japanese, with emoji, as UTF-8, at least size bytes.
func NonEnglish(w io.Writer, seed uint64, size int64) error {
	s := newStream(w, seed)
	records := compiler{}.records(languages)
	return s.fill(size, func() {
		s.now = s.now.Add(time.Duration(s.rng.IntN(9000)) * time.Millisecond)
		records[s.rng.IntN(len(records))](s)
	})
}
