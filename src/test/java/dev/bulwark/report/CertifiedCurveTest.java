package dev.bulwark.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.bulwark.results.SampleRows;
import dev.bulwark.results.SmoothingRow;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class CertifiedCurveTest {

    private static final List<SmoothingRow> ROWS = List.of(SampleRows.radius(0, 0.5), SampleRows.radius(1, 0.5),
            SampleRows.radius(2, 1.25), SampleRows.wrong(3, 3), SampleRows.abstained(4));

    @Test
    void givenFiveImages_whenCurveMade_thenItFallsBehindEachObservedRadius() {
        String csv = CertifiedCurve.csv(List.of(CertifiedCurve.of(0.5, ROWS)), new RunScope("mnist", List.of()));
        assertEquals("""
                sigma,radius,certified_accuracy,images
                0.50,0.0,60.0000,5
                0.50,0.5,60.0000,5
                0.50,1.25,20.0000,5
                """, csv);
    }

    @Test
    void givenNothingCertified_whenCurveMade_thenOnePointAtZero() {
        CertifiedCurve curve = CertifiedCurve.of(1, List.of(SampleRows.abstained(0)));
        assertEquals(1, curve.points().size());
        assertEquals(0, curve.points().get(0).accuracy().hits());
    }

    @Property(tries = 100)
    void anyRadii_whenCurveMade_thenEachPointCountsWhatTheTableCounts(
            @ForAll @Size(min = 1, max = 30) List<@DoubleRange(max = 4) Double> radii) {
        List<SmoothingRow> rows = IntStream.range(0, radii.size())
                .mapToObj(i -> SampleRows.radius(i, radii.get(i))).toList();
        CertifiedCurve curve = CertifiedCurve.of(1, rows);
        for (double r : new double[] {0, 0.7, 1.9, 4.1}) {
            assertEquals(rows.stream().filter(row -> row.certifiedAt(r)).count(), curve.at(r).hits(), "between the steps");
        }
        for (CertifiedCurve.Point point : curve.points()) {
            assertEquals(point.accuracy(), curve.at(point.radius()));
            assertEquals(rows.stream().filter(row -> row.certifiedAt(point.radius())).count(), point.accuracy().hits());
        }
    }
}
