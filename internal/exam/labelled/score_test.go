package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/internal/exam/labelled/set"
)

func TestScore(t *testing.T) {
	labels := []set.Label{
		{File: "a", Start: 2, End: 2, Class: "token", Secret: true},
		{File: "a", Start: 4, End: 6, Class: "key", Secret: true},
		{File: "a", Start: 8, End: 8, Class: "uuid"},
		{File: "b", Start: 1, End: 1000, Class: "log"},
		{File: "c", Start: 1, End: 1, Class: "token", Secret: true},
	}
	found := []place{
		{"a", 1, 2},              // touches a secret, so that its first line is no mistake
		{"a", 5, 5}, {"a", 5, 5}, // twice the same
		{"a", 8, 8}, {"a", 3, 3}, // a decoy, and a line without a label
		{"b", 7, 7}, {"b", 900, 901}, // two lines of clean text
	}
	got := score("x", labels, found)
	want := figures{
		Tool:    "x",
		Secrets: map[string]tally{"token": {1, 2}, "key": {1, 1}},
		Decoys:  map[string]tally{"uuid": {1, 1}, "log": {2, 1000}}, Unlabeled: 1,
		Precision: 2.0 / 6, Recall: 2.0 / 3,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReports(t *testing.T) {
	tests := []struct {
		name   string
		read   func([]byte) ([]place, error)
		report string
		want   place
	}{
		{"stanch", readStanch, `{"findings":[{"file":"a","start_line":2,"end_line":3}]}`, place{"a", 2, 3}},
		{"gitleaks", readGitleaks, `[{"File":"a","StartLine":2,"EndLine":3}]`, place{"a", 2, 3}},
		{"Kingfisher", readKingfisher, `{"findings":1}` + "\n" + `{"findings":[{"finding":{"path":"a","line":2}}]}`, place{"a", 2, 2}},
	}
	for _, test := range tests {
		got, err := test.read([]byte(test.report))
		if err != nil || len(got) != 1 || got[0] != test.want {
			t.Errorf("%s: %v, %v", test.name, got, err)
		}
		if _, err := test.read([]byte("{")); err == nil {
			t.Errorf("%s: no error for a broken report", test.name)
		}
	}
}
