package known_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/internal/known"
)

func TestParseList(t *testing.T) {
	const list = "# a comment\n\n" +
		"DB_PASSWORD=correct horse # battery\n" +
		"  export  TOKEN = \"two\\nlines\\t\\\"\\\\\"  \r\n" +
		"just a value\n" +
		"single='as \\n it = is'\n" +
		"c2VjcmV0IHNlY3JldCE=\n" +
		"EMPTY=\n" +
		"EMPTY=\"\"\n" +
		"TOKEN=second\n" +
		"http://u:p@h/?a=b\n" +
		"kv/app/db:password=x=y=\n" +
		"p\xe4ss\x00\n" +
		"last"
	type line struct {
		Line    int
		ID      string
		Version int
		Plain   string
	}
	want := []line{
		{3, "DB_PASSWORD", 1, "correct horse # battery"},
		{4, "TOKEN", 1, "two\nlines\t\"\\"},
		{5, "secret-5", 1, "just a value"},
		{6, "single", 1, `as \n it = is`},
		{7, "secret-7", 1, "c2VjcmV0IHNlY3JldCE="},
		{8, "EMPTY", 1, ""},
		{9, "EMPTY", 2, ""},
		{10, "TOKEN", 2, "second"},
		{11, "secret-11", 1, "http://u:p@h/?a=b"},
		{12, "kv/app/db:password", 1, "x=y="},
		{13, "secret-13", 1, "p\xe4ss\x00"},
		{14, "secret-14", 1, "last"},
	}
	values, err := known.ParseList([]byte(list))
	if err != nil {
		t.Fatal(err)
	}
	var got []line
	for _, v := range values {
		got = append(got, line{v.Line, v.ID, v.Version, string(v.Plain.Reveal())})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestParseListErrors(t *testing.T) {
	for list, want := range map[string]string{
		"a=b\nc=\"hunter2":                    "line 2: a value that begins with a double quote must end with one",
		`c="`:                                 "line 1: a value that begins with a double quote",
		`c="hun"ter2"`:                        "line 1: a value that begins with a double quote",
		`c="hunter2\"`:                        "line 1: a value that begins with a double quote",
		`c="hunt\er2"`:                        "line 1: a value that begins with a double quote",
		"'hunter2":                            "line 1: a value that begins with a single quote must end with one",
		strings.Repeat("a", 200) + "=hunter2": "line 1: the name is longer than 128 bytes",
		strings.Repeat("#\n", 3) + "\n" + `"hunter2`: "line 5: a value that begins with a double quote",
	} {
		_, err := known.ParseList([]byte(list))
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "hun") {
			t.Errorf("%q: error %v, want %s", list, err, want)
		}
	}
	if _, err := known.ParseList(make([]byte, 64<<20+1)); err == nil {
		t.Error("a list of 64 MiB and a byte is no error")
	}
	if _, err := known.ParseList([]byte(strings.Repeat("a=b\n", 1<<20+1))); err == nil || !strings.HasPrefix(err.Error(), "line 1048577:") {
		t.Errorf("too many values: %v", err)
	}
}

func write(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoad(t *testing.T) {
	list := write(t, "list", "A="+token(1)+"\nB="+token(2)[:16]+"\n", 0o400)
	set, err := known.Load(list)
	if err != nil {
		t.Fatal(err)
	}
	if st := set.Stats(); st.Index || st.Secrets != 2 || st.Needles != 2 {
		t.Errorf("the list has %+v", st)
	}
	values, wipe, err := known.LoadList(list)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "index")
	if err := known.NewKeys().Index(values).WriteFile(path); err != nil {
		t.Fatal(err)
	}
	wipe()
	if got := values[0].Plain.Reveal()[0]; got != 0 {
		t.Errorf("after wipe a value begins with %q", got)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("the index has mode %v, error %v", info.Mode(), err)
	}
	if set, err = known.Load(path); err != nil {
		t.Fatal(err)
	}
	if st := set.Stats(); !st.Index || st.Secrets != 1 || st.Full != 1 || st.Refused != 1 {
		t.Errorf("the index has %+v", st)
	}
	if diff := cmp.Diff([]string{"A " + token(1)}, findAll(set, "x "+token(1), false)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if _, _, err := known.LoadList(path); err == nil || !strings.Contains(err.Error(), "is an index already") {
		t.Errorf("an index read as a list: %v", err)
	}
}

func TestLoadErrors(t *testing.T) {
	good := known.NewKeys().Index(valuesOf(token(1))).AppendTo(nil)
	newer := append([]byte(nil), good...)
	newer[15]++
	damaged := append([]byte(nil), good...)
	damaged[40] ^= 1
	for path, want := range map[string]string{
		"missing":   "no such file",
		t.TempDir(): "is not a regular file",
		write(t, "list", "A=hunter2hunter2", 0o640): "has mode 0640",
		write(t, "list", "A=hunter2hunter2", 0o604): "chmod 600",
		write(t, "list", "# nothing\n", 0o600):      "has no secrets in it",
		write(t, "list", "A='hunter2", 0o600):       "line 1: a value that begins with a single quote",
		write(t, "newer", string(newer), 0o600):     "has format 2, this program reads 1",
		write(t, "damaged", string(damaged), 0o600): "checksum is wrong",
		write(t, "short", string(good[:40]), 0o600): "checksum is wrong",
	} {
		_, err := known.Load(path)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), filepath.Base(path)) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: error %v, want %s", path, err, want)
		}
	}
}
