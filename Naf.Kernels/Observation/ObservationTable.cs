using System.Numerics;
using System.Runtime.CompilerServices;
using ILGPU;
using Naf.Gpu.Accelerators;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Observation;

/// <summary>x = h(s, c) as tables for kernels; the same values as <see cref="ObservationFunction{T}"/>.</summary>
internal struct ObservationTable<T> where T : unmanaged, IFloatingPointIeee754<T>
{
    /// <summary>The entries of x; their body indices refer to frames.</summary>
    public ArrayView<PreparedEntry<T>> Entries;

    public KinematicTable<T> Kinematics;

    /// <summary>Frames that an evaluation needs, the world's included; 0 if all entries are joint entries.</summary>
    public int Frames;

    public static ObservationTable<T> Create(
        ObservationDefinition observation, StateCoordinates coordinates, IKernelArrays arrays)
    {
        PreparedEntry<T>[] entries = observation.Prepare<T>();
        int[] bodies = observation.Tree.WithParents(entries.SelectMany(entry => entry.Bodies));
        return new ObservationTable<T>
        {
            Entries = arrays.Put<PreparedEntry<T>>([.. entries.Select(entry => entry with
            {
                Frame = FrameOf(entry.Frame), Of = entry.Of with { Body = FrameOf(entry.Of.Body) },
                Minus = entry.Minus with { Body = FrameOf(entry.Minus.Body) },
            })]),
            Kinematics = KinematicTable<T>.Create(coordinates, bodies, entries.Any(entry => entry.IsVelocity), arrays),
            Frames = entries.Any(entry => entry.Kind >= EntryKind.Place) ? bodies.Length + 1 : 0,
        };

        int FrameOf(int body) => Array.IndexOf(bodies, body) + 1;
    }

    /// <summary>Computes entry <paramref name="index"/> of x from the frames.</summary>
    /// <param name="s">[state].</param>
    /// <param name="c">The constants of the episode.</param>
    /// <param name="frames">The frames from <see cref="KinematicTable{T}.ComputeFrames"/>.</param>
    /// <param name="x">[observation], receives the entry.</param>
    /// <returns>Whether all written values are finite.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool Observe<TMath>(int index, Column<T> s, Column<T> c, Column<T> frames, Column<T> x)
        where TMath : struct, IScalarMath<T>
    {
        PreparedEntry<T> entry = Entries[index];
        int at = entry.Start;
        if (entry.Kind <= EntryKind.Velocity)
        {
            int place = entry.Dof;
            if (entry.Kind == EntryKind.Velocity) place += Kinematics.Nv;
            T value = s[place];
            if (entry.Kind == EntryKind.Sine) value = TMath.Sin(value);
            else if (entry.Kind == EntryKind.Cosine) value = TMath.Cos(value);
            x[at] = value;
            return TMath.IsFinite(value);
        }
        if (entry.Kind == EntryKind.Quaternion)
        {
            Quat<T> q = KinematicTable<T>.Quaternion<TMath>(Kinematics.Joints[entry.Joint], s, entry.Dof);
            T sign = TMath.From(1);
            if (q.W < TMath.From(0)) sign = TMath.From(-1);
            x[at] = sign * q.W;
            x[at + 1] = sign * q.X;
            x[at + 2] = sign * q.Y;
            x[at + 3] = sign * q.Z;
            return TMath.IsFinite(q.W) & TMath.IsFinite(q.X) & TMath.IsFinite(q.Y) & TMath.IsFinite(q.Z);
        }
        Vec3<T> v;
        if (entry.Kind == EntryKind.Rotation)
            v = BodyFrame<T>.Vector(s, Kinematics.Nv + entry.Dof);
        else if (entry.Kind == EntryKind.Place)
            v = Locate<TMath>(entry.Of, c, frames) - Locate<TMath>(entry.Minus, c, frames);
        else if (entry.Kind == EntryKind.Axis)
            v = BodyFrame<T>.Vector(frames, entry.Of.Body * BodyFrame<T>.Size + 3 * entry.Axis);
        else
        {
            BodyFrame<T> body = BodyFrame<T>.Load(frames, entry.Of.Body);
            v = body.Angular;
            if (entry.Kind == EntryKind.LinearVelocity)
                v = body.Linear + Vec3<T>.Cross(body.Angular, body.Rotation * entry.Of.Position);
        }
        if (entry.Frame > 0) v = BodyFrame<T>.Load(frames, entry.Frame).Rotation.Inverse(v);
        if ((entry.Keep & Components.X) != 0) x[at++] = v.X;
        if ((entry.Keep & Components.Y) != 0) x[at++] = v.Y;
        if ((entry.Keep & Components.Z) != 0) x[at++] = v.Z;
        bool finite = true;
        for (int i = entry.Start; i < at; i++) finite &= TMath.IsFinite(x[i]);
        return finite;
    }

    // position of a place in the world
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vec3<T> Locate<TMath>(in PreparedEntry<T>.Point point, Column<T> c, Column<T> frames)
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
