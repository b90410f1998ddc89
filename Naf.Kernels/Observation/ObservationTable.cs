using System.Numerics;
using System.Runtime.CompilerServices;
using ILGPU;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Observation;

/// <summary>x = h(s, c) as tables that kernels read; the same numbers as those of <see cref="ObservationFunction{T}"/>.</summary>
internal struct ObservationTable<T> where T : unmanaged, IFloatingPointIeee754<T>
{
    private const int Sine = (int)StepKind.Sine, Cosine = (int)StepKind.Cosine, Velocity = (int)StepKind.Velocity, Difference = (int)StepKind.Place,
        BodyAxis = (int)StepKind.Axis, LinearVelocity = (int)StepKind.LinearVelocity;

    /// <summary>The entries of x.</summary>
    public ArrayView<Entry> Entries;

    /// <summary>The bodies whose frames they need.</summary>
    public KinematicTable<T> Kinematics;

    /// <summary>Frames that an evaluation needs, the world's included; 0 where every entry is of a joint.</summary>
    public int Frames;

    /// <summary>
    /// s_Index or its sine or cosine; or a vector, seen from the frame number Frame, of which the components in Keep
    /// are written: the place Of less the place Minus, axis Index of the body's frame, or a velocity. The bodies of
    /// places are numbers of frames.
    /// </summary>
    public struct Entry
    {
        public int Kind, Start, Index, Keep, Frame;
        public ObservationStep<T>.Point Of, Minus;
    }

    /// <summary>The tables of an observation.</summary>
    public static ObservationTable<T> Create(ObservationDefinition observation, StateCoordinates coordinates, IKernelArrays arrays)
    {
        KinematicTree tree = observation.Tree;
        ObservationStep<T>[] steps = [.. observation.Entries.Select((entry, i) => new ObservationStep<T>(observation, entry, observation.Starts[i]))];
        var marked = new bool[tree.Bodies.Length];
        foreach (ObservationStep<T> step in steps) step.MarkBodies(marked);
        for (int b = marked.Length - 1; b > 0; b--) marked[tree.Bodies[b].Parent] |= marked[b];
        int[] bodies = [.. Enumerable.Range(1, marked.Length - 1).Where(b => marked[b])];
        bool moves = steps.Any(step => step.Moves);
        KinematicTable<T> kinematics = KinematicTable<T>.Create(coordinates, bodies, moves, arrays);
        Entry[] entries = [.. steps.Select(step => new Entry
        {
            Kind = (int)step.Kind, Start = step.Start, Keep = (int)step.Keep, Frame = FrameOf(step.Frame),
            Index = step.Kind switch { StepKind.Axis => step.AxisIndex, StepKind.Velocity => tree.Nv + step.Dof, _ => step.Dof },
            Of = step.Of with { Body = FrameOf(step.Of.Body) },
            Minus = step.Minus with { Body = FrameOf(step.Minus.Body) },
        })];
        int frames = steps.Any(step => step.Kind >= StepKind.Place) ? bodies.Length + 1 : 0;
        return new ObservationTable<T> { Entries = arrays.Put<Entry>(entries), Kinematics = kinematics, Frames = frames };

        int FrameOf(int body) => Array.IndexOf(bodies, body) + 1;
    }

    /// <summary>Entry number <paramref name="index"/> of x, after the frames are placed.</summary>
    /// <param name="s">[state].</param>
    /// <param name="c">The constants of the episode.</param>
    /// <param name="frames">What <see cref="KinematicTable{T}.Place"/> wrote.</param>
    /// <param name="x">[observation], receives the entry.</param>
    /// <returns>Whether all that was written is finite.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool Observe<TMath>(int index, Column<T> s, Column<T> c, Column<T> frames, Column<T> x) where TMath : struct, IScalarMath<T>
    {
        Entry entry = Entries[index];
        int at = entry.Start;
        if (entry.Kind <= Velocity)
        {
            T value = s[entry.Index];
            if (entry.Kind == Sine) value = TMath.Sin(value);
            else if (entry.Kind == Cosine) value = TMath.Cos(value);
            x[at] = value;
            return TMath.IsFinite(value);
        }
        Vec3<T> v;
        if (entry.Kind == Difference)
            v = Locate<TMath>(entry.Of, c, frames) - Locate<TMath>(entry.Minus, c, frames);
        else if (entry.Kind == BodyAxis)
            v = BodyFrame<T>.Vector(frames, entry.Of.Body * BodyFrame<T>.Size + 3 * entry.Index);
        else
        {
            BodyFrame<T> body = BodyFrame<T>.Load(frames, entry.Of.Body);
            v = body.Angular;
            if (entry.Kind == LinearVelocity) v = body.Linear + Vec3<T>.Cross(body.Angular, body.Rotation * entry.Of.Position);
        }
        if (entry.Frame > 0) v = BodyFrame<T>.Load(frames, entry.Frame).Rotation.Inverse(v);
        if ((entry.Keep & (int)Components.X) != 0) x[at++] = v.X;
        if ((entry.Keep & (int)Components.Y) != 0) x[at++] = v.Y;
        if ((entry.Keep & (int)Components.Z) != 0) x[at++] = v.Z;
        bool finite = true;
        for (int i = entry.Start; i < at; i++) finite &= TMath.IsFinite(x[i]);
        return finite;
    }

    // a place less the world's origin
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vec3<T> Locate<TMath>(in ObservationStep<T>.Point point, Column<T> c, Column<T> frames)
        where TMath : struct, IScalarMath<T>
    {
        T zero = TMath.From(0), x = zero, y = zero, z = zero;
        if (point.Count > 0) x = c[point.Offset];
        if (point.Count > 1) y = c[point.Offset + 1];
        if (point.Count > 2) z = c[point.Offset + 2];
        if (point.Count > 0) return new(x, y, z);
        BodyFrame<T> body = BodyFrame<T>.Load(frames, point.Body);
        return body.Position + body.Rotation * point.Position;
    }
}
