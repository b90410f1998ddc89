using System.Numerics;
using System.Runtime.CompilerServices;
using ILGPU;
using Naf.Gpu.Accelerators;
using Naf.Kernels.Network;
using Naf.Kernels.Observation;
using Naf.Kernels.Random;
using Naf.Kernels.Scalar;
using Sums = Naf.Kernels.Network.Twice<float,
    Naf.Kernels.Network.Twice<float, Naf.Kernels.Network.Twice<float, Naf.Kernels.Network.OneRow<float>>>>;

namespace Naf.Kernels.Rollout;

/// <summary>
/// Imagination rollouts: a thread group computes all steps of a tile of rollouts.
/// <code>
/// x = h(s, c),  u = clip(μ(x) + σ ε, −1, 1),  s′ = F_t [s; u] + f_t + chol(N_t) ε′
/// x′ = h(s′, c),  r = r(x, u),  t ← t + 1
/// </code>
/// </summary>
internal static class RolloutKernel
{
    /// <summary>Rollouts whose activations are summed by one thread.</summary>
    public const int SumRows = 8;

    public static void Roll<TMemory>(RolloutArguments<float> at) where TMemory : struct, IGroupMemory
    {
        ArrayView<float> memory = TMemory.Allocate<float>();
        RolloutBody<float, FloatMath, Sums, DeviceGroup>.Run(Grid.IdxX, at, memory, new DeviceGroup());
    }
}

/// <summary>Body of <see cref="RolloutKernel"/>: a tile of rollouts in any precision.</summary>
internal static class RolloutBody<T, TMath, TSums, TGroup>
    where T : unmanaged, IFloatingPointIeee754<T>
    where TMath : struct, IScalarMath<T>
    where TSums : struct, IRowSums<T>
    where TGroup : struct, IThreadGroup
{
    /// <param name="memory">[Sizes.Memory], shared memory of the group.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run(int item, in RolloutArguments<T> at, ArrayView<T> memory, TGroup group)
    {
        RolloutTile<T> tile = RolloutTile<T>.At(item, at.Learners, at.Sizes, at.Tiles, at.Rollouts, memory);
        Start(at, tile, group);
        for (int step = 0; ; step++)
        {
            Observe(at, tile, step, group);
            Reward(at, tile, step, group);
            Write(at, tile, step, group);
            if (step == tile.Of.Steps || tile.Living() == 0) break;
            Act(at, tile, step, group);
            Advance(at, tile, step, group);
        }
        for (int row = group.Index; row < tile.Count; row += group.Size)
            at.Lengths[tile.Place + row] = tile.Length[row];
    }

    // start states, and which rollouts have a step to make
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Start(in RolloutArguments<T> at, in RolloutTile<T> tile, TGroup group)
    {
        RolloutSizes n = tile.Sizes;
        ArrayView<T> starts = at.Starts.SubView(tile.Place * n.State, tile.Count * n.State);
        for (int e = group.Index; e < n.State * tile.Count; e += group.Size)
        {
            int row = e / n.State;
            tile.Entry(n.S(0), row)[e % n.State] = starts[e];
        }
        for (int row = group.Index; row < n.Rows; row += group.Size)
        {
            bool exists = row < tile.Count;
            tile.Time[row] = exists ? at.Time[tile.Place + row] : 0;
            tile.Alive[row] = exists && tile.Time[row] < at.End[tile.Place + row] ? 1 : 0;
            tile.Length[row] = tile.Alive[row] != 0 ? RolloutTile<T>.Unobserved : 0;
            tile.Lost[row] = 0;
        }
        group.Barrier();
    }

    // u = clip(μ(x) + σ ε, −1, 1)
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Act(in RolloutArguments<T> at, in RolloutTile<T> tile, int step, TGroup group)
    {
        RolloutSizes n = tile.Sizes;
        T sigma = TMath.From(tile.Of.Sigma), one = TMath.From(1), zero = TMath.From(0);
        ArrayView<T> learner = at.Policy.Learners.SubView((long)tile.Learner * at.Policy.Row, at.Policy.Row);
        ArrayView<T> act = tile.Scratch.SubView(0, n.Rows * at.Policy.Stride);
        // x, padded with zeros
        int padded = (n.Observation + 15) / 16 * 16;
        for (int e = group.Index; e < padded * n.Rows; e += group.Size)
        {
            int row = e / padded, i = e % padded;
            bool real = i < n.Observation && tile.Alive[row] != 0;
            act[row * at.Policy.Stride + i] =
                real ? tile.Entry(n.X(step), row)[i] * learner[at.Policy.InputScale + i] : zero;
        }
        Draw(tile, step, group);
        group.Barrier();
        ArrayView<T> partial = tile.Scratch.SubView(
            n.Rows * at.Policy.Stride, tile.Scratch.IntLength - n.Rows * at.Policy.Stride);
        MlpForward.Run<T, TMath, TSums, TGroup>(
            learner, at.Policy.Layers, at.Policy.Layers.IntLength, new MlpTile(n.Rows, at.Policy.Stride), act,
            partial, group);
        for (int e = group.Index; e < n.Action * n.Rows; e += group.Size)
        {
            int row = e / n.Action, i = e % n.Action;
            T u = TMath.Tanh(act[row * at.Policy.Stride + at.Policy.Output + i]);
            if (sigma > zero) u += sigma * tile.Entry(n.Normals, row)[i];
            u = u < -one ? -one : u;
            u = u > one ? one : u;
            tile.Entry(n.U, row)[i] = u;
            if (!TMath.IsFinite(u)) tile.Lost[row] = 1;
        }
        group.Barrier();
    }

    // normals of a step: those of the action, padded to whole blocks, then those of the dynamics
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Draw(in RolloutTile<T> tile, int step, TGroup group)
    {
        RolloutSizes n = tile.Sizes;
        int acts = RolloutNormals.Blocks(n.Action);
        int first = tile.Of.Sigma > 0 ? 0 : acts, end = tile.Of.Samples != 0 ? n.Blocks : acts;
        for (int e = first * n.Rows + group.Index; e < end * n.Rows; e += group.Size)
        {
            int block = e / n.Rows, row = e % n.Rows;
            bool acting = block < acts;
            int lane = acting ? step * acts + block : step * (n.Blocks - acts) + block - acts;
            ulong rollout = tile.Of.Number + (ulong)(tile.First + row);
            RandomStream stream = acting ? RandomStream.ImaginationAction : RandomStream.ImaginationDynamics;
            Four<T> normals = RolloutNormals.Block<T, TMath>(tile.Of.Seed, stream, rollout, (uint)lane);
            Column<T> to = tile.Entry(n.Normals + 4 * block, row);
            to[0] = normals.A;
            to[1] = normals.B;
            to[2] = normals.C;
            to[3] = normals.D;
        }
    }

    // s′ = F [s; u] + f + chol(N) ε at each rollout's time step, four entries per thread; then the terms of r(x, u)
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Advance(in RolloutArguments<T> at, in RolloutTile<T> tile, int step, TGroup group)
    {
        RolloutSizes n = tile.Sizes;
        int fours = (n.State + 3) / 4, across = n.PackedRow / 4;
        long model = (long)tile.Learner * n.Horizon * n.PackedStep;
        for (int e = group.Index; e < fours * n.Rows; e += group.Size)
        {
            int block = e % fours, row = e / fours;
            if (tile.Alive[row] == 0) continue;
            ArrayView<Four<T>> packed = Four<T>.View(
                at.Dynamics.SubView(model + (long)tile.Time[row] * n.PackedStep, n.PackedStep));
            Four<T> next = packed[(n.State + n.Action) * across + block];
            AddColumns(ref next, packed, block, across, tile.Entry(n.S(step), row), n.State);
            AddColumns(ref next, packed, n.State * across + block, across, tile.Entry(n.U, row), n.Action);
            if (tile.Of.Samples != 0)
            {
                // column j of the lower triangle is zero above row j
                int last = Math.Min(4 * block + 4, n.State), noise = n.Normals + 4 * RolloutNormals.Blocks(n.Action);
                AddColumns(
                    ref next, packed, (n.State + n.Action + 1) * across + block, across, tile.Entry(noise, row), last);
            }
            Keep(at, tile, step, row, 4 * block, next.A);
            Keep(at, tile, step, row, 4 * block + 1, next.B);
            Keep(at, tile, step, row, 4 * block + 2, next.C);
            Keep(at, tile, step, row, 4 * block + 3, next.D);
        }
        for (int e = group.Index; e < at.Reward.Terms.IntLength * n.Rows; e += group.Size)
        {
            int term = e / n.Rows, row = e % n.Rows;
            T value = at.Reward.Value<TMath>(term, tile.Entry(n.X(step), row), n.Observation, tile.Entry(n.U, row));
            tile.ScratchOf(row)[FirstTerm(at) + term] = value;
        }
        group.Barrier();
    }

    // stores an entry of s′; marks the rollout as lost if it is not finite or out of bounds
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Keep(in RolloutArguments<T> at, in RolloutTile<T> tile, int step, int row, int i, T value)
    {
        RolloutSizes n = tile.Sizes;
        if (i >= n.State) return;
        int low = 2 * n.State * tile.Learner + i;
        tile.Entry(n.S(step + 1), row)[i] = value;
        if (!TMath.IsFinite(value) || value < at.Bounds[low] || value > at.Bounds[low + n.State]) tile.Lost[row] = 1;
    }

    // sum += Σ factor_j column_j, with a given stride between columns; four columns are loaded before they are added
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddColumns(
        ref Four<T> sum, ArrayView<Four<T>> columns, int at, int distance, Column<T> factor, int count)
    {
        int j = 0;
        for (; j + 3 < count; j += 4)
        {
            Four<T> a = columns[at], b = columns[at + distance];
            Four<T> c = columns[at + 2 * distance], d = columns[at + 3 * distance];
            sum.Add(factor[j], a);
            sum.Add(factor[j + 1], b);
            sum.Add(factor[j + 2], c);
            sum.Add(factor[j + 3], d);
            at += 4 * distance;
        }
        for (; j < count; j++)
        {
            sum.Add(factor[j], columns[at]);
            at += distance;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int FirstTerm(in RolloutArguments<T> at) => at.Observation.Frames * BodyFrame<T>.Size;

    // x = h(s, c) before a step: body frames with one thread per rollout, then entries
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Observe(in RolloutArguments<T> at, in RolloutTile<T> tile, int step, TGroup group)
    {
        RolloutSizes n = tile.Sizes;
        int moved = at.Observation.Frames > 0 ? tile.Count : 0;
        for (int row = group.Index; row < moved; row += group.Size)
        {
            if (tile.Alive[row] == 0) continue;
            at.Observation.Kinematics.ComputeFrames<TMath>(tile.Entry(n.S(step), row), tile.ScratchOf(row));
        }
        group.Barrier();
        ArrayView<T> constants = at.Constants.SubView(tile.Place * n.Constants, tile.Count * n.Constants);
        for (int e = group.Index; e < at.Observation.Entries.IntLength * n.Rows; e += group.Size)
        {
            int entry = e / n.Rows, row = e % n.Rows;
            if (tile.Alive[row] == 0) continue;
            bool finite = at.Observation.Observe<TMath>(
                entry, tile.Entry(n.S(step), row), new Column<T>(constants, row * n.Constants, 1), tile.ScratchOf(row),
                tile.Entry(n.X(step), row));
            if (!finite) tile.Lost[row] = 1;
        }
        group.Barrier();
    }

    // r and b of the previous step, whether it is stored and whether the rollout continues; a true terminal state gets
    // the termination reward and is not bootstrapped from. Before the first step, whether the observation is finite
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Reward(in RolloutArguments<T> at, in RolloutTile<T> tile, int step, TGroup group)
    {
        RolloutSizes n = tile.Sizes;
        for (int row = group.Index; row < n.Rows; row += group.Size)
        {
            bool finite = tile.Lost[row] == 0, stored = false, goesOn = finite;
            if (tile.Alive[row] != 0)
            {
                int length = tile.Length[row];
                if (length == RolloutTile<T>.Unobserved)
                    length = 0;
                else
                {
                    T r = TMath.From(0);
                    for (int term = 0; term < at.Reward.Terms.IntLength; term++)
                        r += tile.ScratchOf(row)[FirstTerm(at) + term];
                    bool terminal = at.Reward.Terminates(tile.Entry(n.X(step), row));
                    if (terminal) r += at.Reward.TerminationReward;
                    Column<T> outcome = tile.Entry(n.Reward, row);
                    outcome[0] = r;
                    outcome[1] = terminal ? T.Zero : T.One;
                    stored = finite && TMath.IsFinite(r);
                    tile.Time[row] += 1;
                    goesOn = stored && !terminal && tile.Time[row] < at.End[tile.Place + row];
                }
                length += stored ? 2 : 0;
                tile.Length[row] = length + (stored || goesOn ? 0 : 1);
                tile.Alive[row] = goesOn ? 1 : 0;
            }
            tile.Stored[row] = stored ? 1 : 0;
            tile.Lost[row] = 0;
        }
        group.Barrier();
    }

    // rows [x | u | r | b | x′] of the previous step
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(in RolloutArguments<T> at, in RolloutTile<T> tile, int step, TGroup group)
    {
        RolloutSizes n = tile.Sizes;
        int middle = n.Observation + n.Action + 2;
        for (int e = group.Index; e < n.RowLength * tile.Count; e += group.Size)
        {
            int row = e / n.RowLength, i = e % n.RowLength;
            if (tile.Stored[row] == 0) continue;
            int entry = i < n.Observation ? n.X(step + 1) + i
                : i < middle ? n.U - n.Observation + i
                : n.X(step) - middle + i;
            at.Rows[((tile.Place + row) * at.Steps + step - 1) * n.RowLength + i] = tile.Entry(entry, row)[0];
        }
    }
}
