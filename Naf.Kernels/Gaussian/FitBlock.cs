namespace Naf.Kernels;

/// <inheritdoc cref="IFitBlock"/>
/// <remarks>
/// Σ is never stored: a tile of it is summed, less what the earlier columns of the Cholesky factor explain, and solved at once. Tiles carry the
/// opposite sign, so that every product adds, and one product makes a tile: a row is [−x | L | −F R], held against the columns [x | L | F] of four
/// rows, which are copied side by side first.
/// </remarks>
internal sealed unsafe class FitBlock<TLanes, TVector> : FitRows<TLanes, TVector>, IFitBlock
    where TLanes : struct, IDoubleLanes<TVector>
    where TVector : struct
{
    private static readonly int W = TLanes.Width;

    private readonly DynamicsShape _shape;
    private readonly FitSteps _steps;
    private readonly FitPrior<TLanes, TVector> _prior;

    /// <exception cref="OutOfMemoryException">The machine has no room; nothing is left behind.</exception>
    public FitBlock(DynamicsShape shape, int maxEpisodes) : base(shape, maxEpisodes)
    {
        _shape = shape;
        try
        {
            _steps = new FitSteps(shape, W);
            _prior = new FitPrior<TLanes, TVector>(shape, Inputs, Count);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public int Width => W;

    public bool Run(FitLearner learner, int block)
    {
        _steps.Set(learner, block);
        FitCentre<TLanes, TVector>.SetDiagonal(this, _shape, learner);
        _prior.Set(learner, _steps, Diagonal);
        FitCentre<TLanes, TVector>.Run(this, _shape, _steps, _prior.Mean, learner);
        Regress();
        Remain();
        FactorNoise();
        return FitWrite<TLanes, TVector>.Run(this, _shape, _steps, learner);
    }

    public override void Dispose()
    {
        base.Dispose();
        _prior?.Dispose();
        _steps?.Dispose();
    }

    // Σ_ii + R = L Lᵀ, W = (L⁻¹ Σ_ip)ᵀ below it, F = W L⁻¹, f = z̄_p − F z̄_i
    private void Regress()
    {
        double* l = A + Terms * W;
        for (int j = 0; j < Inputs; j += Tile)
        {
            SetColumns(A + j * Row, Row, Terms, Terms + j);
            double* factor = l + j * Row + (nint)j * W, inverse = Inverse + (nint)j * W;
            for (int i = j; i < Count; i += Tile)
            {
                _prior.Start(Tiled, i, j, TLanes.Load(Weight));
                FitTile<TLanes, TVector>.Add(Tiled, A + i * Row, Row, B, Tile * W, Terms + j);
                if (i > j)
                {
                    FitSolve<TLanes, TVector>.Right(Tiled, factor, Row, inverse, l + i * Row + (nint)j * W, Row);
                    continue;
                }
                // an input without a ridge is constant: its pivot is raised to 1
                AddDiagonal(j);
                FitSolve<TLanes, TVector>.Factor(Tiled, Least + j, factor, Row, inverse);
            }
        }
        for (int i = 0; i < Outputs; i += Tile)
        {
            double* f = F + i * InputRow, w = l + (Inputs + i) * Row;
            for (int k = Inputs - Tile; k >= 0; k -= Tile)
            {
                nint at = (nint)k * W;
                FitSolve<TLanes, TVector>.Negative(Tiled, w + at, Row);
                FitTile<TLanes, TVector>.Add(Tiled, f + at + Tile * W, InputRow, l + (k + Tile) * Row + at, Row, Inputs - k - Tile);
                FitSolve<TLanes, TVector>.Back(Tiled, l + k * Row + at, Row, Inverse + at, f + at, InputRow);
            }
            for (int a = i; a < i + Tile; a++)
            {
                TVector offset = TLanes.Load(Mean + (nint)(Inputs + a) * W);
                double* ridged = l + (Inputs + a) * Row + InputRow;
                for (nint k = 0; k < Inputs; k++)
                {
                    TVector negative = TLanes.Negate(TLanes.Load(F + a * InputRow + k * W));
                    offset = TLanes.MultiplyAdd(negative, TLanes.Load(Mean + k * W), offset);
                    TLanes.Store(ridged + k * W, TLanes.Multiply(negative, TLanes.All(Diagonal[k])));
                }
                TLanes.Store(Offset + (nint)a * W, offset);
            }
        }
    }

    // N = Σ_pp − F Σ_ii Fᵀ + floor = (Σ_pp − W Wᵀ) + F R Fᵀ + floor: the first is what is left by conditioning, and both are never negative
    private void Remain()
    {
        double* outputs = A + Inputs * Row;
        for (int j = 0; j < Outputs; j += Tile)
        {
            SetColumns(outputs + j * Row, Row, Terms, Terms + Inputs);
            for (int k = 0; k < Inputs; k++)
                for (int c = 0; c < Tile; c++)
                    TLanes.Store(B + (Tile * (Terms + Inputs + k) + c) * W, TLanes.Load(F + (j + c) * InputRow + (nint)k * W));
            for (int i = j; i < Outputs; i += Tile)
            {
                _prior.Start(Tiled, Inputs + i, Inputs + j, TLanes.Load(Weight));
                FitTile<TLanes, TVector>.Add(Tiled, outputs + i * Row, Row, B, Tile * W, Terms + 2 * Inputs);
                if (i == j) AddDiagonal(Inputs + j);
                for (int r = 0; r < Tile; r++)
                    for (int c = 0; c < (i == j ? r + 1 : Tile); c++)
                    {
                        TVector n = TLanes.Negate(TLanes.Load(Tiled + (Tile * r + c) * W));
                        TLanes.Store(N + (i + r) * StateRow + (nint)(j + c) * W, n);
                        TLanes.Store(N + (j + c) * StateRow + (nint)(i + r) * W, n);
                    }
            }
        }
    }

    // C Cᵀ = N
    private void FactorNoise()
    {
        for (int j = 0; j < Outputs; j += Tile)
        {
            SetColumns(C + j * StateRow, StateRow, 0, j);
            double* factor = C + j * StateRow + (nint)j * W, inverse = Inverse + (nint)(Inputs + j) * W;
            for (int i = j; i < Outputs; i += Tile)
            {
                FitSolve<TLanes, TVector>.Negative(Tiled, N + i * StateRow + (nint)j * W, StateRow);
                FitTile<TLanes, TVector>.Add(Tiled, C + i * StateRow, StateRow, B, Tile * W, j);
                if (i == j)
                    FitSolve<TLanes, TVector>.Factor(Tiled, Least + Inputs + j, factor, StateRow, inverse);
                else
                    FitSolve<TLanes, TVector>.Right(Tiled, factor, StateRow, inverse, C + i * StateRow + (nint)j * W, StateRow);
            }
        }
    }

    // four rows side by side, the first entries with the opposite sign
    private void SetColumns(double* rows, nint row, int negative, int count)
    {
        for (int k = 0; k < count; k++)
            for (int c = 0; c < Tile; c++)
            {
                TVector value = TLanes.Load(rows + c * row + (nint)k * W);
                TLanes.Store(B + (Tile * k + c) * W, k < negative ? TLanes.Negate(value) : value);
            }
    }

    private void AddDiagonal(int row)
    {
        for (int a = 0; a < Tile; a++)
        {
            double* element = Tiled + (Tile + 1) * a * W;
            TLanes.Store(element, TLanes.Add(TLanes.Load(element), TLanes.All(-Diagonal[row + a])));
        }
    }
}
