package io.closenotify.testsuite.openssl;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.commonmark.ext.gfm.tables.TableBody;
import org.commonmark.ext.gfm.tables.TableRow;
import org.commonmark.ext.gfm.tables.TablesExtension;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.Code;
import org.commonmark.node.CustomNode;
import org.commonmark.node.Heading;
import org.commonmark.node.Link;
import org.commonmark.node.Node;
import org.commonmark.node.Text;
import org.commonmark.parser.Parser;

/** The rows of all tables in docs/openssl.md. */
final class MappingDocument {

    private static final Path FILE = Path.of("..", "docs", "openssl.md");
    private static final List<TablesExtension> TABLES = List.of((TablesExtension) TablesExtension.create());

    private MappingDocument() {
    }

    /**
     * A test that the last cell of a row links to.
     *
     * @param name the class's and the method's, with a dot between
     * @param file the source
     */
    record TestLink(String name, Path file) {
    }

    /**
     * A row.
     *
     * @param chapter the heading of the second level that it is under
     * @param cells the text of its cells
     * @param tests what its last cell links to
     */
    record Row(String chapter, List<String> cells, List<TestLink> tests) {

        String sentence() {
            return cells.get(0);
        }

        boolean isDifference() {
            return shown().startsWith("Difference: ");
        }

        /** The last cell has links to tests and nothing else. */
        boolean isTests() {
            return !tests.isEmpty() && shown().equals(String.join(", ", tests.stream().map(TestLink::name).toList()));
        }

        private String shown() {
            return cells.get(cells.size() - 1);
        }
    }

    static List<Row> rows() {
        try {
            Reader reader = new Reader();
            Parser.builder().extensions(TABLES).build().parse(Files.readString(FILE)).accept(reader);
            return reader.rows;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Node> children(Node parent) {
        List<Node> children = new ArrayList<>();
        for (Node child = parent.getFirstChild(); child != null; child = child.getNext()) {
            children.add(child);
        }
        return children;
    }

    /** What a reader sees of it, but for the marks. */
    private static String text(Node node) {
        StringBuilder text = new StringBuilder();
        node.accept(new AbstractVisitor() {
            @Override
            public void visit(Text part) {
                text.append(part.getLiteral());
            }

            @Override
            public void visit(Code part) {
                text.append(part.getLiteral());
            }
        });
        return text.toString();
    }

    private static final class Reader extends AbstractVisitor {

        private final List<Row> rows = new ArrayList<>();
        private String chapter = "";

        @Override
        public void visit(Heading heading) {
            if (heading.getLevel() == 2) {
                chapter = text(heading);
            }
        }

        @Override
        public void visit(CustomNode node) {
            if (node instanceof TableRow row && row.getParent() instanceof TableBody) {
                List<Node> cells = children(row);
                rows.add(new Row(chapter, cells.stream().map(MappingDocument::text).toList(),
                        children(cells.get(cells.size() - 1)).stream()
                                .filter(Link.class::isInstance).map(link -> test((Link) link)).toList()));
            } else {
                visitChildren(node);
            }
        }

        private static TestLink test(Link link) {
            return new TestLink(text(link),
                    FILE.resolveSibling(link.getDestination()).normalize());
        }
    }
}
