package nixeval

import "strings"

// localTrees are the directories outside of the flake that inputs were taken from, as far as Nix's account of them tells.
func localTrees(account string, ref Ref) []Ref {
	var trees []Ref
	for _, match := range lockLine.FindAllStringSubmatch(account, -1) {
		if match[1] == targetInput || strings.Contains(match[0], "follows '") {
			continue
		}
		if tree, local, ok := localTree(match[2], ref); ok && local && tree.Root != "" {
			trees = append(trees, tree)
		}
	}
	return trees
}
