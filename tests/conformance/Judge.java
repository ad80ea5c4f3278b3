import java.io.FileInputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;

/**
 * Validates PDFs with veraPDF. Arguments: pairs of a flavour (ua1, 2a) and a file.
 * One line for each pair: OK or FAIL, flavour, file, and for a failure every broken clause once, separated by tabs.
 */
public final class Judge {
    public static void main(String[] arguments) throws Exception {
        VeraGreenfieldFoundryProvider.initialise();
        for (int i = 0; i + 1 < arguments.length; i += 2) {
            PDFAFlavour flavour = PDFAFlavour.byFlavourId(arguments[i]);
            Set<String> faults = new TreeSet<>();
            boolean compliant;
            try (FileInputStream file = new FileInputStream(arguments[i + 1]);
                    PDFAParser parser = Foundries.defaultInstance().createParser(file, flavour);
                    PDFAValidator validator = Foundries.defaultInstance().createValidator(flavour, false)) {
                ValidationResult result = validator.validate(parser);
                compliant = result.isCompliant();
                for (TestAssertion assertion : result.getTestAssertions()) {
                    faults.add(assertion.getRuleId().getClause() + "-" + assertion.getRuleId().getTestNumber() + " "
                            + assertion.getMessage() + " @ " + assertion.getLocation().getContext());
                }
            }
            List<String> line = new ArrayList<>(List.of(compliant ? "OK" : "FAIL", arguments[i], arguments[i + 1]));
            line.addAll(faults);
            System.out.println(String.join("\t", line).replace("\n", " "));
        }
    }
}
