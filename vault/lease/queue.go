// Package lease keeps what ends when: tokens, wrapped answers, later the leases of
// engines. A [Queue] is written in the transactions of those whose things end, so that
// nothing can exist without the promise that it will end, and survives any crash.
//
// Each item is one record, in folders that spell its second: the store can list a
// folder only as a whole, so no folder may grow with the number of all items. How much
// a step does is bounded, too; after a long downtime there are more steps, not a
// bigger one.
package lease

import (
	"fmt"
	"strings"
	"time"

	"github.com/stanch-dev/stanch/vault/logical"
)

// Item is one thing that ends.
type Item struct {
	At   time.Time // kept in whole seconds, rounded up: it is never early
	Kind string    // whose it is: letters
	ID   string    // not empty, without a slash; with Kind and At it is the item's name
	// Attempts is how often it failed to end.
	Attempts int
}

// record is what is kept of an item besides its name.
type record struct {
	Attempts int `json:"n,omitempty"`
}

// Queue holds items in a folder of a storage. It has no state of its own but for the
// lock of [Queue.Run]; it is safe for concurrent use.
type Queue struct {
	storage logical.Storage
	folder  string
	running chan struct{} // holds a token while no Run runs
}

// New returns the queue in a folder, which ends with a slash.
func New(s logical.Storage, folder string) *Queue {
	q := &Queue{s, folder, make(chan struct{}, 1)}
	q.running <- struct{}{}
	return q
}

// Add puts an item into the queue, in a transaction of the queue's storage. One that is
// there already stays.
func (q *Queue) Add(tx logical.Tx, item Item) error {
	name, err := q.name(item)
	if err != nil {
		return err
	}
	return tx.Put(name, record{item.Attempts})
}

// Remove takes an item out. It is no error if it is not there, as after an attempt to
// end it that failed: then it is handed out once more, and whoever gets it must see
// that there is nothing left to end.
func (q *Queue) Remove(tx logical.Tx, item Item) error {
	name, err := q.name(item)
	if err != nil {
		return err
	}
	return tx.Delete(name)
}

// Has reports whether an item waits at just that second.
func (q *Queue) Has(tx logical.Tx, item Item) (bool, error) {
	name, err := q.name(item)
	if err != nil {
		return false, err
	}
	return tx.Get(name, &record{})
}

// Move changes when an item is due.
func (q *Queue) Move(tx logical.Tx, item Item, to time.Time) error {
	if err := q.Remove(tx, item); err != nil {
		return err
	}
	item.At = to
	return q.Add(tx, item)
}

// The folders of a second: its digits in base 16, the upper six, then two, then two.
// So an upper one spans 18 hours, and no folder has more than 256 below it.
const (
	digits = "%010x"
	upper  = 6
	middle = 8
)

// second returns the second an item is due, the first that is not before at.
func second(at time.Time) int64 {
	s := at.Unix()
	if at.Nanosecond() > 0 {
		s++
	}
	return max(s, 0)
}

func (q *Queue) leaf(second int64) string {
	d := fmt.Sprintf(digits, second)
	return q.folder + d[:upper] + "/" + d[upper:middle] + "/" + d[middle:] + "/"
}

func (q *Queue) name(item Item) (string, error) {
	if item.ID == "" || strings.Contains(item.ID, "/") || item.Kind == "" || strings.ContainsAny(item.Kind, "/.") {
		return "", fmt.Errorf("lease: an item of kind %q needs an id without a slash", item.Kind)
	}
	s := second(item.At)
	if s >= 1<<40 {
		return "", fmt.Errorf("lease: an item of kind %q is due in the year %d", item.Kind, item.At.Year())
	}
	return q.leaf(s) + item.Kind + "." + item.ID, nil
}
