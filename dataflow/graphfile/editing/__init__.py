"""Graph files edited as text: an edit is the smallest replacement of characters that makes the edit of the tree."""
