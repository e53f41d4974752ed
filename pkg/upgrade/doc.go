// Package upgrade tells what other versions of its inputs do to a clan: what no longer evaluates, and the smallest edit
// for it; which values, members and exports change although nobody edited anything, and why; and what is new and on
// offer. It is pure.
//
// It compares an inventory of the flake as it is with one of the same flake with other inputs
// ([nixeval.Evaluator.OverrideInputs] and UpdateInputs). What a module does to a machine's NixOS configuration it does
// not see.
package upgrade
