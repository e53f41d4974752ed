package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
)

// bounds are ratios to bare Nix: of each clan, of each command.
type bounds map[string]map[string]bound

type bound struct {
	Warm float64 `json:"warm"`
	Cold float64 `json:"cold"`
}

// readBounds reads a file; without a name there are no bounds.
func readBounds(file string) (bounds, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var b bounds
	if err := json.Unmarshal(text, &b); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return b, nil
}

func ratios(rows []*row) map[string]bound {
	all := map[string]bound{}
	for _, row := range rows {
		all[row.name] = bound{round(median(row.warm.ratio)), round(median(row.cold.ratio))}
	}
	return all
}

func round(f float64) float64 { return float64(int(f*100+0.5)) / 100 }

// beyond says which of the measured ratios are more than a fifth above their bound. What has no bound is beyond none.
func (b bounds) beyond(measured bounds) []string {
	var found []string
	for _, clan := range slices.Sorted(maps.Keys(measured)) {
		for _, command := range slices.Sorted(maps.Keys(measured[clan])) {
			limit, known := b[clan][command]
			got := measured[clan][command]
			if known && got.Warm > limit.Warm*1.2 {
				found = append(found,
					fmt.Sprintf("%s, %s, warm: %.2f of bare Nix, not %.2f", clan, command, got.Warm, limit.Warm))
			}
			if known && got.Cold > limit.Cold*1.2 {
				found = append(found,
					fmt.Sprintf("%s, %s, cold: %.2f of bare Nix, not %.2f", clan, command, got.Cold, limit.Cold))
			}
		}
	}
	return found
}

// write writes the file anew, with what was measured; clans that were not measured keep their bounds.
func (b bounds) write(file string, measured bounds) error {
	all := bounds{}
	maps.Copy(all, b)
	maps.Copy(all, measured)
	text, err := json.MarshalIndent(all, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}
