namespace Naf.Kernels;

/// <summary>The last stage of a block: its models, from vectors of time steps to each step's own place.</summary>
internal static unsafe class FitWrite<TLanes, TVector>
    where TLanes : struct, IDoubleLanes<TVector>
    where TVector : struct
{
    /// <summary>Writes F, f, N and the packed model.</summary>
    /// <returns>Whether every number is finite in float32.</returns>
    public static bool Run(FitRows<TLanes, TVector> rows, DynamicsShape shape, FitSteps steps, FitLearner learner)
    {
        int states = shape.State, inputs = shape.Input, w = TLanes.Width;
        steps.Write(learner.F, (nint)states * inputs);
        for (int i = 0; i < states; i++)
            LaneTranspositions.ScatterRow<TLanes, TVector>(rows.F + i * rows.InputRow, w, inputs, steps.Lanes, i * inputs);
        steps.Write(learner.Offset, states);
        LaneTranspositions.ScatterRow<TLanes, TVector>(rows.Offset, w, states, steps.Lanes, 0);
        steps.Write(learner.N, (nint)states * states);
        for (int i = 0; i < states; i++)
            LaneTranspositions.ScatterRow<TLanes, TVector>(rows.N + i * rows.StateRow, w, states, steps.Lanes, i * states);

        // packed: the columns of F, f, the columns of C
        steps.Write(learner.Packed, shape.PackedStep);
        nint row = shape.PackedRow;
        for (int i = 0; i < states; i += w)
        {
            for (int k = 0; k < inputs; k++)
                TLanes.ScatterSingle(rows.F + i * rows.InputRow + (nint)k * w, rows.InputRow, steps.Singles, k * row + i);
            TLanes.ScatterSingle(rows.Offset + (nint)i * w, w, steps.Singles, inputs * row + i);
            for (int j = 0; j < Math.Min(i + w, states); j++)
                TLanes.ScatterSingle(rows.C + i * rows.StateRow + (nint)j * w, rows.StateRow, steps.Singles, (inputs + 1 + j) * row + i);
        }
        return Finite(rows, states, inputs, steps.Count);
    }

    // by the sum of all sizes, which is infinite or NaN when one of them is
    private static bool Finite(FitRows<TLanes, TVector> rows, int states, int inputs, int count)
    {
        int w = TLanes.Width;
        TVector sum = TLanes.All(0);
        for (int i = 0; i < states; i++)
        {
            for (int k = 0; k < inputs; k++) sum = TLanes.Add(sum, TLanes.Abs(TLanes.Load(rows.F + i * rows.InputRow + (nint)k * w)));
            sum = TLanes.Add(sum, TLanes.Abs(TLanes.Load(rows.Offset + (nint)i * w)));
            for (int j = 0; j <= i; j++) sum = TLanes.Add(sum, TLanes.Abs(TLanes.Load(rows.C + i * rows.StateRow + (nint)j * w)));
        }
        TLanes.Store(rows.Tiled, sum);
        for (int l = 0; l < count; l++)
            if (!(rows.Tiled[l] <= float.MaxValue)) return false;
        return true;
    }
}
