// Package storagetest is the suite that every driver of a [storage.Store] passes: it
// is the contract in a form that runs. A driver's test is one call of Run.
//
// The suite uses only the interface and, for drivers with files, kills processes of
// the driver's own test binary in the middle of writing. Its own test runs it on
// stores with known faults, each of which it must find.
package storagetest

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/stanch-dev/stanch/vault/storage"
)

// Driver is what Run has to know of a driver.
type Driver struct {
	// Open opens the store of a folder, an empty one the first time.
	Open func(dir string) (storage.Store, error)

	// Persistent says that a folder's store has its records when it is opened again,
	// after Close and after the process was killed.
	Persistent bool

	// Check, if there is one, examines a store's files after a kill.
	Check func(storage.Store) error
}

// tests is what Run runs, in this order.
var tests = []struct {
	name string
	run  func(*testing.T, Driver)
}{
	{"Records", testRecords},
	{"Limits", testLimits},
	{"CallersMemory", testCallersMemory},
	{"Ranges", testRanges},
	{"OwnWrites", testOwnWrites},
	{"ChangeWhileScanning", testChangeWhileScanning},
	{"Failure", testFailure},
	{"StickyError", testStickyError},
	{"ReadOnly", testReadOnly},
	{"AfterTheEnd", testAfterTheEnd},
	{"Panic", testPanic},
	{"Snapshot", testSnapshot},
	{"Counter", testCounter},
	{"WriteSkew", testWriteSkew},
	{"Transfers", testTransfers},
	{"Neighbours", testNeighbours},
	{"Cancelled", testCancelled},
	{"CancelledInLine", testCancelledInLine},
	{"CloseWhileUsed", testCloseWhileUsed},
	{"Reopen", testReopen},
	{"Kill", testKill},
	{"Model", testModel},
}

// Run runs the suite on a driver, each part on stores of its own. It must be called
// by a test that does nothing else: to be killed, the test is started again in a
// process of its own, where Run only writes.
func Run(t *testing.T, d Driver) {
	if dir := os.Getenv(victimEnv); dir != "" {
		writeUntilKilled(t, d, dir)
		return
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.run(t, d) })
	}
}

// open opens the store of a folder and closes it at the end of the test.
func open(t *testing.T, d Driver, dir string) storage.Store {
	t.Helper()
	s, err := d.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

// failer is a *testing.T or a *rapid.T.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// update runs an Update that must succeed.
func update(t failer, s storage.Store, f func(storage.Tx) error) {
	t.Helper()
	if err := s.Update(context.Background(), f); err != nil {
		t.Fatalf("Update: %v", err)
	}
}

// put writes pairs of keys and values in one Update.
func put(t failer, s storage.Store, pairs ...string) {
	t.Helper()
	update(t, s, func(tx storage.Tx) error {
		for i := 0; i < len(pairs); i += 2 {
			if err := tx.Put([]byte(pairs[i]), []byte(pairs[i+1])); err != nil {
				return err
			}
		}
		return nil
	})
}

// scan returns what a Scan yields as pairs of keys and values, never nil.
func scan(tx storage.Tx, from, to []byte) []string {
	pairs := []string{}
	for k, v := range tx.Scan(from, to) {
		pairs = append(pairs, string(k), string(v))
	}
	return pairs
}

// all returns every record of the last commit, in pairs.
func all(t failer, s storage.Store) (pairs []string) {
	t.Helper()
	if err := s.View(context.Background(), func(tx storage.Tx) error {
		pairs = scan(tx, nil, nil)
		return nil
	}); err != nil {
		t.Fatalf("View: %v", err)
	}
	return pairs
}

// number reads a decimal value, 0 for none.
func number(tx storage.Tx, key string) (n int, err error) {
	value, err := tx.Get([]byte(key))
	if err != nil || value == nil {
		return 0, err
	}
	_, err = fmt.Sscan(string(value), &n)
	return n, err
}

func putNumber(tx storage.Tx, key string, n int) error {
	return tx.Put([]byte(key), fmt.Append(nil, n))
}
