//! Comments of `.proto` files, made safe to stand in rustdoc.

use prost_types::SourceCodeInfo;

/// The white space that makes an indented code block in Markdown.
const INDENT: &str = "    ";

/// Rewrites every comment, so that no code block in it becomes a doctest of the user's crate: rustdoc
/// would take fenced blocks without a language, and indented ones, for Rust.
pub(crate) fn quote_code_blocks(info: &mut SourceCodeInfo) {
    for location in &mut info.location {
        for comment in [
            &mut location.leading_comments,
            &mut location.trailing_comments,
        ] {
            *comment = comment.as_deref().map(with_text_blocks);
        }
    }
}

/// What the lines of a comment belong to.
enum Block {
    Prose { after_blank: bool },
    Fenced { fence: String },
    Indented,
}

/// `comment` with every code block marked as plain text.
fn with_text_blocks(comment: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut block = Block::Prose { after_blank: true };
    for line in comment.trim_start_matches('\n').lines() {
        block = match block {
            Block::Fenced { fence } if is_closing(line, &fence) => {
                lines.push(line.to_owned());
                Block::Prose { after_blank: true }
            }
            Block::Fenced { fence } => {
                lines.push(line.to_owned());
                Block::Fenced { fence }
            }
            Block::Indented if is_indented(line) || line.trim().is_empty() => {
                lines.push(line.replacen(INDENT, "", 1));
                Block::Indented
            }
            Block::Indented => {
                close_indented(&mut lines);
                prose(line, false, &mut lines)
            }
            Block::Prose { after_blank } => prose(line, after_blank, &mut lines),
        };
    }
    match block {
        Block::Prose { .. } => {}
        Block::Fenced { fence } => lines.push(format!(" {fence}")),
        Block::Indented => close_indented(&mut lines),
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

/// Handles one line outside of code blocks, which may open one.
fn prose(line: &str, after_blank: bool, lines: &mut Vec<String>) -> Block {
    if let Some(fence) = opening_fence(line) {
        let indent = &line[..line.len() - line.trim_start().len()];
        lines.push(format!("{indent}{fence}text"));
        return Block::Fenced { fence };
    }
    if after_blank && is_indented(line) {
        lines.push(" ```text".to_owned());
        lines.push(line.replacen(INDENT, "", 1));
        return Block::Indented;
    }
    lines.push(line.to_owned());
    Block::Prose {
        after_blank: line.trim().is_empty(),
    }
}

/// Ends an indented block after its last line that is not blank.
fn close_indented(lines: &mut Vec<String>) {
    let end = lines
        .iter()
        .rposition(|line| !line.trim().is_empty())
        .map_or(0, |last| last + 1);
    lines.insert(end, " ```".to_owned());
}

/// The backticks or tildes with which `line` opens a fenced block.
fn opening_fence(line: &str) -> Option<String> {
    let line = line.trim_start();
    let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let fence: String = line.chars().take_while(|c| *c == mark).collect();
    let is_inline_code = mark == '`' && line[fence.len()..].contains('`');
    (fence.len() >= 3 && !is_inline_code).then_some(fence)
}

/// Whether `line` closes a block that `fence` opened.
fn is_closing(line: &str, fence: &str) -> bool {
    let line = line.trim();
    line.starts_with(fence)
        && fence
            .chars()
            .next()
            .is_some_and(|mark| line.chars().all(|c| c == mark))
}

/// Whether Markdown takes `line` for code: four columns after the space that follows `//`.
fn is_indented(line: &str) -> bool {
    let line = line.strip_prefix(' ').unwrap_or(line);
    !line.trim().is_empty() && (line.starts_with(INDENT) || line.starts_with('\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_stays_as_it_is() {
        let comment = " Says hello.\n\n - one\n   two\n - `let x;`\n";
        assert_eq!(with_text_blocks(comment), comment);
    }

    #[test]
    fn fenced_blocks_become_text_and_keep_their_content() {
        assert_eq!(
            with_text_blocks(" ```\n x\n ```\n y\n"),
            " ```text\n x\n ```\n y\n"
        );
        assert_eq!(
            with_text_blocks(" ```rust\n     x\n ```"),
            " ```text\n     x\n ```\n"
        );
        assert_eq!(
            with_text_blocks(" ~~~~\n ~~~\n ~~~~"),
            " ~~~~text\n ~~~\n ~~~~\n"
        );
    }

    #[test]
    fn blank_lines_at_the_start_are_dropped() {
        assert_eq!(with_text_blocks("\n Says hello.\n "), " Says hello.\n \n");
    }

    #[test]
    fn a_fence_that_is_never_closed_is_closed_at_the_end() {
        assert_eq!(with_text_blocks(" ```\n x\n"), " ```text\n x\n ```\n");
    }

    #[test]
    fn indented_blocks_are_fenced() {
        let comment = " As in:\n\n     let x = 1;\n\n     x\n\n Done.\n";
        let expected = " As in:\n\n ```text\n let x = 1;\n\n x\n ```\n\n Done.\n";
        assert_eq!(with_text_blocks(comment), expected);
    }

    #[test]
    fn an_indented_line_that_continues_a_paragraph_is_no_block() {
        let comment = " First,\n     then more.\n";
        assert_eq!(with_text_blocks(comment), comment);
    }
}
