package audit_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stanch-dev/stanch/internal/audit/chain"
)

// inChild is set where the test binary runs again as the process to be watched or
// killed; it holds the folder to use.
const inChild = "STANCH_AUDIT_TEST_CHILD"

// TestChild is no test but that process: it records entries and says which are taken.
func TestChild(t *testing.T) {
	dir := os.Getenv(inChild)
	if dir == "" {
		t.Skip("runs in a process of its own, for the tests below")
	}
	h := &house{t: t, dir: dir}
	b := h.broker()
	kind := map[string]string{"file_path": h.path("audit.log")}
	if filepath.Base(dir) == "spooled" {
		kind = map[string]string{"file_path": "discard"}
	}
	h.enable(b, "file", "file", kind)
	writers := 8
	if filepath.Base(dir) != "killed" {
		writers = 1
	}
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := 0; writers > 1 || i < 5; i++ {
				id := fmt.Sprintf("%d-%d", w, i)
				if err := b.Request(context.Background(), ask(id)); err != nil {
					t.Error(err)
				}
				fmt.Fprintf(os.Stderr, "taken %s\n", id)
			}
		})
	}
	wg.Wait()
}

func child(t *testing.T, dir string, before ...string) *exec.Cmd {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	args := append(before, os.Args[0], "-test.run=^TestChild$")
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), inChild+"="+dir)
	return cmd
}

// TestKilledUnderLoad kills the process while eight writers record: what was taken is
// there, once, the log is sound, and the next life goes on with it.
func TestKilledUnderLoad(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "killed")
	h := &house{t: t, dir: dir}
	taken := map[string]bool{}
	for life := range 3 {
		cmd := child(t, dir)
		talk, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		n := 0
		for in := bufio.NewScanner(talk); in.Scan(); {
			id, ok := strings.CutPrefix(in.Text(), "taken ")
			if !ok {
				t.Fatalf("life %d: %s", life, in.Text())
			}
			taken[fmt.Sprint(life, " ", id)] = true
			if n++; n == 60 {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = cmd.Wait()
		if n < 60 {
			t.Fatalf("life %d took %d entries only", life, n)
		}
		for id := range ids(t, h.path("audit.log")) {
			delete(taken, fmt.Sprint(life, " ", id))
		}
		if len(taken) > 0 {
			t.Fatalf("life %d: taken, but not in the log: %v", life, taken)
		}
		torn := h.path("audit.log")
		f, err := os.OpenFile(torn, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(f, `{"time":"a power cut tore this`)
		_ = f.Close()
	}
	b := h.broker()
	h.enableFile(b)
	mustRecord(t, b, 1, 1)
	h.close(b)
	r := chain.Verify([]string{h.path("audit.log")}, h.checkpoints(), pub)
	if !r.OK() || r.Chains[0].Lines < 181 || r.Chains[0].Pinned != r.Chains[0].Last {
		t.Errorf("%+v", r)
	}
}

// TestOnDiskBeforeTaken asks the kernel: for each entry its line is written, then the
// same file is synced, and only then it counts as taken. By the file, and by the spool.
func TestOnDiskBeforeTaken(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not there: apt-get install strace, to see writes, syncs and answers in their order")
	}
	for _, dir := range []string{"filed", "spooled"} {
		t.Run(dir, func(t *testing.T) {
			base := t.TempDir()
			trace := filepath.Join(base, "trace")
			cmd := child(t, filepath.Join(base, dir), strace, "-f", "-s", "4096", "-e", "trace=write,fdatasync", "-o", trace)
			if out, err := cmd.CombinedOutput(); err != nil {
				if strings.Contains(string(out), "ptrace") {
					t.Skipf("strace may not trace here: %s", out)
				}
				t.Fatalf("%v: %s", err, out)
			}
			text, err := os.ReadFile(trace)
			if err != nil {
				t.Fatal(err)
			}
			if n := takenInOrder(t, string(text)); n != 5 {
				t.Errorf("%d of 5 entries seen", n)
			}
		})
	}
}

// takenInOrder follows a trace and returns how many entries were taken.
func takenInOrder(t *testing.T, trace string) (taken int) {
	t.Helper()
	write := regexp.MustCompile(`write\((\d+), "(.*)"`)
	sync := regexp.MustCompile(`fdatasync\((\d+)`)
	resumed := regexp.MustCompile(`^(\d+) .*<\.\.\. fdatasync resumed>.*= 0`)
	lineIn := map[string]string{} // id → descriptor its line was written to, or "synced"
	syncing := map[string]string{}
	synced := func(fd string) {
		for id, in := range lineIn {
			if in == fd {
				lineIn[id] = "synced"
			}
		}
	}
	for call := range strings.Lines(trace) {
		thread, _, _ := strings.Cut(call, " ")
		switch w, s := write.FindStringSubmatch(call), sync.FindStringSubmatch(call); {
		case w != nil && strings.HasPrefix(w[2], "taken "):
			id := strings.TrimSuffix(strings.TrimPrefix(w[2], "taken "), `\n`)
			if lineIn[id] != "synced" {
				t.Errorf("entry %s was taken before it was on the disk: %q", id, lineIn[id])
			}
			taken++
		case w != nil:
			for _, id := range regexp.MustCompile(`\\"id\\":\\"(\d-\d)\\"`).FindAllStringSubmatch(w[2], -1) {
				lineIn[id[1]] = w[1]
			}
		case s != nil && strings.Contains(call, "unfinished"):
			syncing[thread] = s[1]
		case s != nil && strings.Contains(call, "= 0"):
			synced(s[1])
		case resumed.MatchString(call):
			synced(syncing[thread])
		}
	}
	return taken
}
