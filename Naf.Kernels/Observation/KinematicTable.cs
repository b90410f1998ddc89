using System.Numerics;
using System.Runtime.CompilerServices;
using ILGPU;
using Naf.Gpu.Accelerators;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Observation;

/// <summary>A body's frame in the world: axes R, origin p, and if velocities are needed ω and ṗ.</summary>
internal struct BodyFrame<T> where T : unmanaged, IFloatingPointIeee754<T>
{
    /// <summary>Length of a frame in memory.</summary>
    public const int Size = 18;

    public Mat3<T> Rotation;
    public Vec3<T> Position, Angular, Linear;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static BodyFrame<T> Load(Column<T> from, int slot)
    {
        int i = Size * slot;
        return new BodyFrame<T>
        {
            Rotation = new Mat3<T>(Vector(from, i), Vector(from, i + 3), Vector(from, i + 6)),
            Position = Vector(from, i + 9), Angular = Vector(from, i + 12), Linear = Vector(from, i + 15),
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(Column<T> to, int slot)
    {
        int i = Size * slot;
        Write(to, i, Rotation.X);
        Write(to, i + 3, Rotation.Y);
        Write(to, i + 6, Rotation.Z);
        Write(to, i + 9, Position);
        Write(to, i + 12, Angular);
        Write(to, i + 15, Linear);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec3<T> Vector(Column<T> from, int i) => new(from[i], from[i + 1], from[i + 2]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(Column<T> to, int i, Vec3<T> v)
    {
        to[i] = v.X;
        to[i + 1] = v.Y;
        to[i + 2] = v.Z;
    }
}

/// <summary>
/// Forward kinematics of the bodies that an observation needs, as tables for kernels. The same frames as those of
/// <see cref="ForwardKinematics{T}"/>, from a state s in <see cref="StateCoordinates"/>; velocities are propagated
/// joint by joint.
/// </summary>
internal struct KinematicTable<T> where T : unmanaged, IFloatingPointIeee754<T>
{
    /// <summary>The bodies, parents first. Body i has frame i + 1, the world frame 0; Parent is a frame.</summary>
    public ArrayView<BodyConstants<T>> Bodies;

    public ArrayView<JointConstants<T>> Joints;

    /// <summary>Degrees of freedom, also the offset of velocities in s; whether velocities are needed.</summary>
    public int Nv, HasVelocities;

    /// <param name="bodies">The needed bodies and their ancestors, in ascending order and without the world.</param>
    /// <param name="velocities">Whether velocities are needed.</param>
    public static KinematicTable<T> Create(
        StateCoordinates coordinates, int[] bodies, bool velocities, IKernelArrays arrays)
    {
        KinematicTree tree = coordinates.Tree;
        return new KinematicTable<T>
        {
            Bodies = arrays.Put<BodyConstants<T>>([.. bodies.Select(b =>
                new BodyConstants<T>(tree.Bodies[b]) { Parent = Array.IndexOf(bodies, tree.Bodies[b].Parent) + 1 })]),
            Joints = arrays.Put<JointConstants<T>>([.. tree.Joints.Select((joint, j) =>
                new JointConstants<T>(joint) { ReferenceRotation = coordinates.Reference(j).To<T>() })]),
            Nv = tree.Nv, HasVelocities = velocities ? 1 : 0,
        };
    }

    /// <summary>The frames of all bodies, from s.</summary>
    /// <param name="s">[2 Nv].</param>
    /// <param name="frames">[frames, BodyFrame.Size], receives them.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void ComputeFrames<TMath>(Column<T> s, Column<T> frames) where TMath : struct, IScalarMath<T>
    {
        T zero = TMath.From(0), one = TMath.From(1);
        var frame = new BodyFrame<T>
        {
            Rotation = new Mat3<T>(new(one, zero, zero), new(zero, one, zero), new(zero, zero, one)),
            Position = new(zero, zero, zero), Angular = new(zero, zero, zero), Linear = new(zero, zero, zero),
        };
        frame.Store(frames, 0);
        for (int b = 0; b < Bodies.IntLength; b++)
        {
            BodyConstants<T> body = Bodies[b];
            frame = BodyFrame<T>.Load(frames, body.Parent);
            Vec3<T> arm = frame.Rotation * body.Position;
            frame.Position += arm;
            if (HasVelocities != 0) frame.Linear += Vec3<T>.Cross(frame.Angular, arm);
            frame.Rotation *= body.Rotation;
            for (int j = body.First; j < body.End; j++) Apply<TMath>(Joints[j], s, ref frame);
            frame.Store(frames, b + 1);
        }
    }

    // moves its body's frame by one joint; the velocities are those of the current origin
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Apply<TMath>(in JointConstants<T> joint, Column<T> s, ref BodyFrame<T> frame)
        where TMath : struct, IScalarMath<T>
    {
        int q = joint.Dof, v = Nv + q;
        if (joint.Type == TreeJointType.Free)
        {
            frame.Position = BodyFrame<T>.Vector(s, q);
            frame.Rotation = Mat3<T>.From(Quaternion<TMath>(joint, s, q + 3));
            frame.Linear = BodyFrame<T>.Vector(s, v);
            frame.Angular = frame.Rotation * BodyFrame<T>.Vector(s, v + 3);
            return;
        }
        Vec3<T> axis = frame.Rotation * joint.Axis;
        if (joint.Type == TreeJointType.Slide)
        {
            Vec3<T> shift = (s[q] - joint.Reference) * axis;
            frame.Position += shift;
            if (HasVelocities == 0) return;
            frame.Linear = frame.Linear + Vec3<T>.Cross(frame.Angular, shift) + s[v] * axis;
            return;
        }
        // rotates about the anchor, which stays in place
        Vec3<T> before = frame.Rotation * joint.Anchor, rate;
        if (joint.Type == TreeJointType.Ball)
        {
            frame.Rotation *= Mat3<T>.From(Quaternion<TMath>(joint, s, q));
            rate = frame.Rotation * BodyFrame<T>.Vector(s, v);
        }
        else
        {
            T angle = s[q] - joint.Reference;
            frame.Rotation *= Mat3<T>.About(joint.Axis, TMath.Sin(angle), TMath.Cos(angle));
            rate = s[v] * axis;
        }
        Vec3<T> after = frame.Rotation * joint.Anchor;
        frame.Position = frame.Position + before - after;
        if (HasVelocities == 0) return;
        frame.Linear += Vec3<T>.Cross(frame.Angular, before);
        frame.Angular += rate;
        frame.Linear -= Vec3<T>.Cross(frame.Angular, after);
    }

    /// <summary>The quaternion of a free or ball joint whose rotation vector is s[at .. at + 3).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quat<T> Quaternion<TMath>(in JointConstants<T> joint, Column<T> s, int at)
        where TMath : struct, IScalarMath<T> =>
        StateCoordinates.Product(joint.ReferenceRotation, Exponential<TMath>(BodyFrame<T>.Vector(s, at)));

    // (cos |r|/2, sin |r|/2 r/|r|); by its series where the quotient would lose precision
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Quat<T> Exponential<TMath>(Vec3<T> r) where TMath : struct, IScalarMath<T>
    {
        T half = TMath.From(0.5f), square = Vec3<T>.Dot(r, r), angle = half * TMath.Sqrt(square), scale;
        if (square < TMath.From(1e-6f)) scale = half - square / TMath.From(48);
        else scale = half * TMath.Sin(angle) / angle;
        return new Quat<T>(TMath.Cos(angle), scale * r.X, scale * r.Y, scale * r.Z);
    }
}
