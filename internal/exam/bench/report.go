package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// Budgets of the design, §6.
const (
	maxStart  = 50 * time.Millisecond
	maxMemory = 60 << 20 // bytes
)

// ratios are how many times as many bytes per CPU second stanch must scan.
var ratios = []struct {
	corpus, peer string
	atLeast      float64
}{
	{"source", gitleaksRE2, 30}, {"modules", gitleaksRE2, 30}, {"logs", gitleaksRE2, 40}, {"stdin", gitleaksRE2, 40},
	{"source", kingfisher, 5}, {"modules", kingfisher, 5}, {"logs", kingfisher, 15}, {"stdin", kingfisher, 15},
	{"second", gitleaksRE2, 0}, {"second", kingfisher, 0}, {"source", gitleaksStd, 0}, {"logs", gitleaksStd, 0},
}

// rate returns MB per CPU second.
func (r result) rate() float64 { return float64(r.bytes) / 1e6 / r.cpu.Seconds() }

// marginal returns MB per CPU second without the tool's start-up.
func (r result) marginal(all []result) float64 {
	start, ok := find(all, r.tool, startup, r.cores)
	if !ok || r.cpu <= start.cpu {
		return 0
	}
	return float64(r.bytes-start.bytes) / 1e6 / (r.cpu - start.cpu).Seconds()
}

func find(all []result, tool, corpus string, cores int) (result, bool) {
	for _, r := range all {
		if r.tool == tool && r.corpus == corpus && r.cores == cores {
			return r, true
		}
	}
	return result{}, false
}

func printResults(w io.Writer, all []result) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "corpus\tcores\ttool\tMB\tscanned\tCPU s\tMB/CPU s\tmarginal\twall s\tRSS MiB\tfindings\t")
	for _, r := range all {
		scanned, rate, marginal := "?", "", ""
		if r.scanned >= 0 {
			scanned = fmt.Sprintf("%.1f", float64(r.scanned)/1e6)
		}
		if r.corpus != startup {
			rate, marginal = fmt.Sprintf("%.1f", r.rate()), fmt.Sprintf("%.1f", r.marginal(all))
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%.1f\t%s\t%.2f\t%s\t%s\t%.2f\t%d\t%d\t\n", r.corpus, r.cores, r.tool, float64(r.bytes)/1e6,
			scanned, r.cpu.Seconds(), rate, marginal, r.wall.Seconds(), r.rss>>20, r.findings)
	}
	t.Flush()
}

// printRatios compares stanch with its peers and with the budgets.
func printRatios(w io.Writer, all []result) {
	if !slices.ContainsFunc(all, func(r result) bool { return r.tool == stanch }) {
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\nbudget\tcores\tratio\tmarginal\twanted\t")
	for _, cores := range []int{1, 2} {
		for _, b := range ratios {
			own, ok := find(all, stanch, b.corpus, cores)
			peer, found := find(all, b.peer, b.corpus, cores)
			if !ok || !found {
				continue
			}
			ratio, wanted := own.rate()/peer.rate(), ""
			if b.atLeast > 0 {
				wanted = fmt.Sprintf("≥ %.0f\t%s", b.atLeast, verdict(ratio >= b.atLeast))
			}
			marginal := "?" // below the noise on so little data
			if peer.marginal(all) > 0 {
				marginal = fmt.Sprintf("%.1f", own.marginal(all)/peer.marginal(all))
			}
			fmt.Fprintf(t, "%s / %s\t%d\t%.1f\t%s\t%s\n", b.corpus, b.peer, cores, ratio, marginal, wanted)
		}
		if start, ok := find(all, stanch, startup, cores); ok {
			fmt.Fprintf(t, "start of a scan\t%d\t%v\t\t≤ %v\t%s\n", cores, start.wall.Round(time.Millisecond), maxStart, verdict(start.wall <= maxStart))
			peak := peakMemory(all, cores)
			fmt.Fprintf(t, "peak memory\t%d\t%d MiB\t\t≤ %d MiB\t%s\n", cores, peak>>20, maxMemory>>20, verdict(peak <= maxMemory))
		}
	}
	t.Flush()
}

// peakMemory returns the most that stanch took on any corpus, in bytes.
func peakMemory(all []result, cores int) (peak int64) {
	for _, r := range all {
		if r.tool == stanch && r.cores == cores {
			peak = max(peak, r.rss)
		}
	}
	return peak
}

func verdict(met bool) string {
	if met {
		return "met"
	}
	return "MISSED"
}
