package dev.bulwark.runs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.bounds.Method;
import dev.bulwark.data.Epsilon;
import dev.bulwark.results.BoundsRow;
import dev.bulwark.results.CleanPrediction;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class AttackChoiceTest {

    /** Of two classes, the label is 0. */
    private static BoundsRow bounds(int index, int cleanPrediction, float margin) {
        return BoundsRow.of(new CleanPrediction(index, 0, cleanPrediction), 0.1, Method.IBP,
                BoundsRow.Bounds.of(new float[] {0, 0}, new float[] {1, 1}, new float[] {0, margin}));
    }

    @Test
    void givenFewImages_whenChosen_thenWhatIsOpenAndWhatIsCertifiedInTheOrderOfTheirRows() {
        List<BoundsRow> rows = List.of(bounds(9, 0, -1), bounds(4, 0, 1), bounds(7, 1, -1), bounds(2, 0, 0),
                bounds(5, 1, 1));
        assertArrayEquals(new int[] {9, 4, 2, 5}, AttackChoice.OPEN.of(rows), "7 is wrong; 5 is certified and wrong");
        assertArrayEquals(new int[] {9, 4, 7, 2, 5}, AttackChoice.ALL.of(rows));
    }

    @Test
    void givenCertifiedImages_whenTold_thenAsManyAsAreAttacked() {
        List<BoundsRow> few = List.of(bounds(0, 0, 1), bounds(1, 0, 1), bounds(2, 0, -1), bounds(3, 1, 1));
        assertEquals(2, AttackChoice.OPEN.checked(few));
        Map<Epsilon, Integer> checked = new LinkedHashMap<>();
        assertTrue(AttackChoice.OPEN.sentence(checked).contains("ones at most 100 at each epsilon, spread"));
        checked.put(Epsilon.parse("0.1"), 2);
        assertTrue(AttackChoice.OPEN.sentence(checked).contains("ones 2 at each epsilon, spread"));
        checked.put(Epsilon.parse("8/255"), 100);
        assertTrue(AttackChoice.OPEN.sentence(checked).contains("ones 2 at epsilon 0.1, 100 at epsilon 8/255, spread"));
    }

    @Test
    void givenManyCertified_whenChosen_thenAHundredOfThemSpreadEvenly() {
        List<BoundsRow> rows = IntStream.range(0, 2_000).mapToObj(i -> bounds(i, 0, i % 10 == 3 ? -1 : 1)).toList();
        Set<Integer> chosen = Arrays.stream(AttackChoice.OPEN.of(rows)).boxed().collect(Collectors.toSet());
        assertEquals(300, chosen.size());
        assertTrue(IntStream.range(0, 200).allMatch(k -> chosen.contains(10 * k + 3)), "all that are open");
        int[] checked = chosen.stream().filter(i -> i % 10 != 3).mapToInt(Integer::intValue).sorted().toArray();
        assertEquals(100, checked.length);
        for (int k = 0; k < checked.length; ++k) {
            assertTrue(checked[k] >= 20 * k && checked[k] < 20 * k + 20, "the " + k + "th is " + checked[k]);
        }
    }
}
