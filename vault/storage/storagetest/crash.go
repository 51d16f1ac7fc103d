package storagetest

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/vault/storage"
)

const (
	// victimEnv names the folder of the store in which a process started by testKill
	// writes until it is killed.
	victimEnv = "STANCH_STORAGETEST_VICTIM"

	// killsEnv says how often testKill kills, for long examinations.
	killsEnv = "STANCH_STORAGETEST_KILLS"

	victims      = 4   // writers in the process that is killed
	victimsLimit = 1e6 // writes after which a victim that nobody kills ends
)

func testReopen(t *testing.T, d Driver) {
	if !d.Persistent {
		t.Skip("the driver keeps nothing")
	}
	dir := t.TempDir()
	var want []string
	for i := range 4 {
		s, err := d.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(append([]string{}, want...), all(t, s)); diff != "" {
			t.Errorf("opened again (-want +got):\n%s", diff)
		}
		pair := []string{fmt.Sprint("key", i), strings.Repeat("v", i*5000)}
		put(t, s, pair...)
		want = append(want, pair...)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// testKill kills a process that writes, with a signal it cannot see, and looks at
// what it left: every Update it acknowledged, none of them by halves.
func testKill(t *testing.T, d Driver) {
	if !d.Persistent {
		t.Skip("the driver keeps nothing")
	}
	kills := 4
	if text := os.Getenv(killsEnv); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("%s: %v", killsEnv, err)
		}
		kills = n
	}
	dir := t.TempDir()
	for round := range kills {
		acked := kill(t, dir, 20+round*37%100)
		s := open(t, d, dir)
		for w, n := range acked {
			checkVictim(t, s, w, n)
		}
		if d.Check != nil {
			if err := d.Check(s); err != nil {
				t.Errorf("after kill %d: %v", round, err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if t.Failed() {
			return
		}
	}
}

// kill starts a victim, kills it after so many acknowledged writes and returns the
// last that each of its writers acknowledged.
func kill(t *testing.T, dir string, writes int) (acked [victims]int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	test, _, _ := strings.Cut(t.Name(), "/")
	cmd := exec.Command(self, "-test.run=^"+test+"$", "-test.v=false")
	cmd.Env = append(os.Environ(), victimEnv+"="+dir)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for lines := bufio.NewScanner(stdout); lines.Scan(); { // what came before the kill, to the last line
		var w, n int
		if _, err := fmt.Sscanf(lines.Text(), "wrote %d %d", &w, &n); err != nil {
			t.Errorf("the victim says %q", lines.Text())
			continue
		}
		acked[w] = n
		if seen++; seen == writes {
			cmd.Process.Kill()
		}
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != -1 || seen < writes {
		t.Fatalf("the victim ended by itself after %d writes: %v\n%s", seen, err, stderr.Bytes())
	}
	return acked
}

// writeUntilKilled is the victim. Each Update of a writer counts up and adds a
// record; when it returns, a line says so.
func writeUntilKilled(t *testing.T, d Driver, dir string) {
	s, err := d.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	together(victims, func(w int) {
		for range int(victimsLimit) {
			var n int
			err := s.Update(context.Background(), func(tx storage.Tx) (err error) {
				if n, err = number(tx, victimCount(w)); err != nil {
					return err
				}
				n++
				if err := putNumber(tx, victimCount(w), n); err != nil {
					return err
				}
				if n > 2 && n%3 == 0 {
					if err := tx.Delete([]byte(victimKey(w, n-2))); err != nil {
						return err
					}
				}
				return tx.Put([]byte(victimKey(w, n)), victimValue(w, n))
			})
			if err != nil {
				t.Errorf("writer %d: %v", w, err)
				return
			}
			mu.Lock()
			fmt.Fprintf(os.Stdout, "wrote %d %d\n", w, n)
			mu.Unlock()
		}
	})
}

func victimCount(w int) string  { return fmt.Sprintf("count/%d", w) }
func victimKey(w, n int) string { return fmt.Sprintf("record/%d/%08d", w, n) }
func victimValue(w, n int) (v []byte) {
	return bytes.Repeat(fmt.Appendf(nil, "%d of %d.", n, w), 20+n%100)
}

// checkVictim checks what one writer of a victim left, of whose Updates the first
// acked were acknowledged, and maybe one more was made.
func checkVictim(t *testing.T, s storage.Store, w, acked int) {
	t.Helper()
	err := s.View(context.Background(), func(tx storage.Tx) error {
		n, err := number(tx, victimCount(w))
		if err != nil {
			return err
		}
		if n < acked || acked > 0 && n > acked+1 {
			t.Errorf("writer %d: %d Updates are there, %d were acknowledged", w, n, acked)
		}
		want := []string{}
		for i := 1; i <= n; i++ {
			if i%3 == 1 && i+2 <= n {
				continue // deleted by the one two later
			}
			want = append(want, victimKey(w, i), string(victimValue(w, i)))
		}
		got := scan(tx, []byte(victimKey(w, 0)), []byte(victimKey(w, 99999999)))
		if !cmp.Equal(want, got) {
			t.Errorf("writer %d: the records of %d Updates are not those written: %d, want %d", w, n, len(got)/2, len(want)/2)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
