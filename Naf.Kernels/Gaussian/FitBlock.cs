using System.Runtime.Intrinsics;
using Naf.Kernels.LinearAlgebra;
using Lanes = System.Runtime.Intrinsics.Vector512<double>;
using Vector = System.Runtime.Intrinsics.Vector512;

namespace Naf.Kernels.Gaussian;

/// <summary>Inputs and outputs of one learner's fit on the CPU.</summary>
internal unsafe struct FitLearner
{
    /// <summary>[episodes, T, D].</summary>
    public double* Samples;

    /// <summary>[D], added to the diagonal: R of an input, floor of an output, in data units; 0: constant.</summary>
    public double* Diagonal;

    /// <summary>μ₀ [PriorSteps, D] and Φ [PriorSteps, D, D].</summary>
    public double* PriorMean, PriorScatter;

    /// <summary>[blocks, ModelBlock]: F, f and N, one time step of the block per lane.</summary>
    public Lanes* Models;

    /// <summary>[T, PackedStep].</summary>
    public float* Packed;
}

/// <summary>
/// The fit (<see cref="GaussianFit"/>) of a block of time steps, one step per SIMD lane, with the work memory of one
/// thread. Rows are the entries of [s; u], then those of s′, each group padded to whole tiles. Padding and entries that
/// are constant in the data have samples x of 0.
/// </summary>
/// <remarks>
/// Σ is never stored: each tile is summed, reduced by the earlier columns of the Cholesky factor and solved at once.
/// One product computes a tile: rows [−x | L | −F R] times the columns [x | L | F] of four rows, which are first copied
/// side by side.
/// </remarks>
internal sealed unsafe class FitBlock
{
    /// <summary>Time steps of a block.</summary>
    public static readonly int Width = Lanes.Count;

    private const int Tile = LaneTile.Size;

    private readonly DynamicsShape _shape;
    private readonly int _episodes, _terms, _inputs, _outputs, _count;
    private readonly nint _row;
    // [count, terms + 2 inputs], [terms + 2 inputs, 4], [outputs, outputs]
    private readonly Lanes* _a, _b, _c;
    // [count]: z̄; [count]: −1 / diagonal of the Cholesky factors; [episodes + 1]: weights of the samples and of μ₀
    private readonly Lanes* _mean, _inverse, _valid;
    private readonly LaneRow* _tile;
    // [count]: R of an input, floor of an output; [count]: lower bound of each pivot
    private readonly double* _diagonal, _least;
    // [width]: the time step whose data each lane is fitted to; that step's entries in an array of time steps
    private readonly int[] _source = new int[Width];
    private readonly double** _steps;
    private readonly double* _zeros;

    /// <param name="memory">[<see cref="Vectors"/>].</param>
    public FitBlock(DynamicsShape shape, int episodes, Lanes* memory)
    {
        (_shape, _episodes, _terms, _inputs, _outputs) =
            (shape, episodes, episodes + 1, Padded(shape.Input), Padded(shape.State));
        _count = _inputs + _outputs;
        _row = _terms + 2 * _inputs;
        Lanes* at = memory;
        _a = Next(_count * _row);
        _b = Next(Tile * Math.Max(_row, _outputs));
        _c = Next((long)_outputs * _outputs);
        _mean = Next(_count);
        _inverse = Next(_count);
        _tile = (LaneRow*)Next(Tile * Tile);
        _valid = Next(_terms);
        _diagonal = (double*)at;
        _least = _diagonal + _count;
        _zeros = _least + _count;
        _steps = (double**)(_zeros + shape.Sample);

        Lanes* Next(long count) => (at += count) - count;
    }

    /// <summary>Size of a thread's work memory in vectors.</summary>
    public static nint Vectors(DynamicsShape shape, int episodes)
    {
        nint inputs = Padded(shape.Input), outputs = Padded(shape.State);
        nint count = inputs + outputs, row = episodes + 1 + 2 * inputs;
        return count * (row + 2) + Tile * (Math.Max(row, outputs) + Tile) + outputs * outputs + episodes + 1
            + (2 * count + shape.Sample + Width) / Width + 1;
    }

    /// <summary>Vectors of a block's padded model: F [outputs, inputs], f [outputs], N [outputs, outputs].</summary>
    public static int ModelBlock(DynamicsShape shape) =>
        Padded(shape.State) * (Padded(shape.Input) + 1 + Padded(shape.State));

    /// <summary>Fits time steps block · Width … of a learner.</summary>
    /// <param name="lengths">[episodes], samples of each episode.</param>
    /// <returns>Whether every number of the model is finite in float32.</returns>
    public bool Run(in FitLearner learner, int[] lengths, FitCall call, int block)
    {
        (GaussianPrior? prior, int priorSteps) = (call.Prior, call.PriorSteps);
        // with n₀ = 0 a step without samples copies the last step that has any; so do lanes beyond the horizon
        int last = prior?.Strength > 0 ? _shape.Horizon - 1 : lengths.Max() - 1;
        for (int l = 0; l < Width; l++) _source[l] = Math.Min(block * Width + l, Math.Min(last, _shape.Horizon - 1));
        SetDiagonal(learner.Diagonal);
        Lanes* f = learner.Models + (nint)block * ModelBlock(_shape);
        Lanes* offset = f + _outputs * _inputs, n = offset + _outputs;
        Lanes weight = Centre(learner, lengths, prior, priorSteps);
        Regress(learner, priorSteps, weight, f, offset);
        Remain(learner, priorSteps, weight, f, n);
        FactorNoise(n);
        return Pack(f, offset, learner.Packed + (nint)block * Width * _shape.PackedStep,
            Math.Min(Width, _shape.Horizon - block * Width));
    }

    // a pivot is at least half of what is added to the diagonal; constant inputs have pivot 1, constant outputs pivot 0
    private void SetDiagonal(double* diagonal)
    {
        for (int i = 0; i < _count; i++)
        {
            _diagonal[i] = Entry(i) is >= 0 and int entry ? diagonal[entry] : 0;
            _least[i] = i < _inputs && !(_diagonal[i] > 0) ? 1 : _diagonal[i] / 2;
        }
    }

    // z̄ and the rows −x, whose products sum to Σ − Φ / (n + n₀): x = (z − z̄) / √(n + n₀) for each sample, and
    // (z̄ − μ₀) √(n n₀) / (n + n₀) for the prior
    private Lanes Centre(in FitLearner learner, int[] lengths, GaussianPrior? prior, int priorSteps)
    {
        Lanes n = Lanes.Zero, strength = Vector.Create(prior?.Strength ?? 0);
        for (int e = 0; e < _episodes; e++)
        {
            for (int l = 0; l < Width; l++)
            {
                bool has = _source[l] < lengths[e];
                ((double*)(_valid + e))[l] = has ? 1 : 0;
                _steps[l] = has ? learner.Samples + ((nint)e * _shape.Horizon + _source[l]) * _shape.Sample : _zeros;
            }
            n += _valid[e];
            for (int i = 0; i < _count; i++)
                if (Entry(i) is >= 0 and int entry) _a[i * _row + e] = Gather(entry);
        }
        Lanes weight = Lanes.One / (n + strength), shift = n * strength;
        for (int e = 0; e < _episodes; e++) _valid[e] *= Vector.Sqrt(weight);
        _valid[_episodes] = Vector.ConditionalSelect(
            Vector.GreaterThan(shift, Lanes.Zero), Vector.Sqrt(shift / (n + strength) * weight), Lanes.Zero);

        Lanes empty = Vector.ConditionalSelect(Vector.GreaterThan(n, Lanes.Zero), Lanes.Zero, Lanes.One);
        for (int l = 0; l < Width; l++)
            _steps[l] = priorSteps == 0 ? _zeros : learner.PriorMean + PriorStep(priorSteps, l) * _shape.Sample;
        for (int i = 0; i < _count; i++)
        {
            Lanes* x = _a + i * _row;
            Lanes sum = Lanes.Zero;
            for (int e = 0; e < _episodes; e++) sum += x[e];
            x[_episodes] = Entry(i) is >= 0 and int entry ? Gather(entry) : Lanes.Zero;
            _mean[i] = Vector.MultiplyAddEstimate(x[_episodes], empty, sum / Vector.Max(n, Lanes.One));
            for (int e = 0; e <= _episodes; e++) x[e] = _diagonal[i] > 0 ? (_mean[i] - x[e]) * _valid[e] : Lanes.Zero;
        }
        for (int l = 0; l < Width; l++)
            _steps[l] = priorSteps == 0
                ? _zeros
                : learner.PriorScatter + PriorStep(priorSteps, l) * _shape.Sample * _shape.Sample;
        return weight;
    }

    // Σ_ii + R = L Lᵀ, W = (L⁻¹ Σ_ip)ᵀ below it, F = W L⁻¹, f = z̄_p − F z̄_i
    private void Regress(in FitLearner learner, int priorSteps, Lanes weight, Lanes* f, Lanes* offset)
    {
        Lanes* l = _a + _terms;
        for (int j = 0; j < _inputs; j += Tile)
        {
            SetColumns(_a + j * _row, _row, _terms, _terms + j);
            Lanes* factor = l + j * _row + j;
            for (int i = j; i < _count; i += Tile)
            {
                SetPrior(priorSteps, i, j, weight);
                LaneTile.AddProduct(_tile, _a + i * _row, _row, _b, Tile, _terms + j);
                if (i > j)
                    LaneTile.SolveTransposed(_tile, factor, _row, _inverse + j, l + i * _row + j, _row);
                else
                {
                    AddDiagonal(j);
                    LaneTile.Factor(_tile, _least + j, factor, _row, _inverse + j);
                }
            }
        }
        for (int i = 0; i < _outputs; i += Tile)
        {
            Lanes* row = f + i * _inputs, w = l + (_inputs + i) * _row;
            for (int k = _inputs - Tile; k >= 0; k -= Tile)
            {
                LaneTile.SetNegative(_tile, w + k, _row);
                LaneTile.AddProduct(
                    _tile, row + k + Tile, _inputs, l + (k + Tile) * _row + k, _row, _inputs - k - Tile);
                LaneTile.Solve(_tile, l + k * _row + k, _row, _inverse + k, row + k, _inputs);
            }
            for (int a = i; a < i + Tile; a++)
            {
                Lanes sum = _mean[_inputs + a];
                Lanes* ridged = l + (_inputs + a) * _row + _inputs;
                for (int k = 0; k < _inputs; k++)
                {
                    Lanes negative = -f[a * _inputs + k];
                    sum = Vector.MultiplyAddEstimate(negative, _mean[k], sum);
                    ridged[k] = negative * _diagonal[k];
                }
                offset[a] = sum;
            }
        }
    }

    // N = Σ_pp − F Σ_ii Fᵀ + floor = (Σ_pp − W Wᵀ) + F R Fᵀ + floor: the conditional covariance and F R Fᵀ are both
    // positive semidefinite
    private void Remain(in FitLearner learner, int priorSteps, Lanes weight, Lanes* f, Lanes* n)
    {
        Lanes* outputs = _a + _inputs * _row;
        for (int j = 0; j < _outputs; j += Tile)
        {
            SetColumns(outputs + j * _row, _row, _terms, _terms + _inputs);
            for (int k = 0; k < _inputs; k++)
                for (int c = 0; c < Tile; c++) _b[Tile * (_terms + _inputs + k) + c] = f[(j + c) * _inputs + k];
            for (int i = j; i < _outputs; i += Tile)
            {
                SetPrior(priorSteps, _inputs + i, _inputs + j, weight);
                LaneTile.AddProduct(_tile, outputs + i * _row, _row, _b, Tile, (int)_row);
                if (i == j) AddDiagonal(_inputs + j);
                for (int r = 0; r < Tile; r++)
                    for (int c = 0; c < (i == j ? r + 1 : Tile); c++)
                        n[(i + r) * _outputs + j + c] = n[(j + c) * _outputs + i + r] = -((Lanes*)_tile)[Tile * r + c];
            }
        }
    }

    // C Cᵀ = N
    private void FactorNoise(Lanes* n)
    {
        for (int j = 0; j < _outputs; j += Tile)
        {
            SetColumns(_c + j * _outputs, _outputs, 0, j);
            Lanes* factor = _c + j * _outputs + j, inverse = _inverse + _inputs + j;
            for (int i = j; i < _outputs; i += Tile)
            {
                LaneTile.SetNegative(_tile, n + i * _outputs + j, _outputs);
                LaneTile.AddProduct(_tile, _c + i * _outputs, _outputs, _b, Tile, j);
                if (i == j) LaneTile.Factor(_tile, _least + _inputs + j, factor, _outputs, inverse);
                else LaneTile.SolveTransposed(_tile, factor, _outputs, inverse, _c + i * _outputs + j, _outputs);
            }
        }
    }

    // the columns of F, f, the columns of C; the sum of all magnitudes is infinite or NaN if any entry is
    private bool Pack(Lanes* f, Lanes* offset, float* packed, int steps)
    {
        (int inputs, int states, int row) = (_shape.Input, _shape.State, _shape.PackedRow);
        Lanes sum = Lanes.Zero;
        for (int k = 0; k < inputs; k++)
            for (int i = 0; i < states; i++) Write(f[i * _inputs + k], k * row + i);
        for (int i = 0; i < states; i++) Write(offset[i], inputs * row + i);
        for (int j = 0; j < states; j++)
            for (int i = j; i < states; i++) Write(_c[i * _outputs + j], (inputs + 1 + j) * row + i);
        return Vector.LessThanOrEqualAll(sum, Vector.Create((double)float.MaxValue));

        void Write(Lanes value, nint at)
        {
            sum += Vector.Abs(value);
            Vector512<float> single = Vector.Narrow(value, value);
            for (int l = 0; l < steps; l++, at += _shape.PackedStep) packed[at] = ((float*)&single)[l];
        }
    }

    // tile ← −Φ / (n + n₀)
    private void SetPrior(int priorSteps, int i, int j, Lanes weight)
    {
        for (int a = 0; a < Tile; a++)
            for (int b = 0; b < Tile; b++)
            {
                Lanes phi = Lanes.Zero;
                if (priorSteps > 0 && _diagonal[i + a] > 0 && _diagonal[j + b] > 0)
                {
                    // from the lower triangle; elements above it are not used
                    int at = Entry(i + a) * _shape.Sample + Entry(j + b);
                    phi = priorSteps == 1 ? Vector.Create(_steps[0][at]) : Gather(at);
                }
                ((Lanes*)_tile)[Tile * a + b] = phi * -weight;
            }
    }

    // copies four rows side by side, the first entries negated
    private void SetColumns(Lanes* rows, nint row, int negative, int count)
    {
        for (int c = 0; c < Tile; c++, rows += row)
        {
            for (int k = 0; k < negative; k++) _b[Tile * k + c] = -rows[k];
            for (int k = negative; k < count; k++) _b[Tile * k + c] = rows[k];
        }
    }

    private void AddDiagonal(int row)
    {
        for (int a = 0; a < Tile; a++) ((Lanes*)_tile)[(Tile + 1) * a] -= Vector.Create(_diagonal[row + a]);
    }

    // one entry of each lane's time step
    private Lanes Gather(int at)
    {
        Lanes value = default;
        for (int l = 0; l < Width; l++) ((double*)&value)[l] = _steps[l][at];
        return value;
    }

    private nint PriorStep(int priorSteps, int l) => priorSteps == 1 ? 0 : _source[l];

    // the sample entry of a row, or −1 for padding
    private int Entry(int row) =>
        row < _shape.Input ? row
        : row < _inputs || row - _inputs >= _shape.State ? -1
        : row - _inputs + _shape.Input;

    /// <summary>A size rounded up to whole tiles.</summary>
    public static int Padded(int size) => (size + Tile - 1) / Tile * Tile;
}
