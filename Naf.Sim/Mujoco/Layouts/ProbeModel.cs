namespace Naf.Sim.Mujoco.Layouts;

/// <summary>
/// The small model of <see cref="LayoutCheck"/>. Sizes and values are distinct where possible, so that an offset to a
/// neighbouring field is detected; optional arrays are not empty, since an empty one has the address of its neighbour.
/// The MJCF is that of 2.2.2, which every later release loads; actuators with an activation come last, as 2.x requires.
/// </summary>
internal static class ProbeModel
{
    public const string Xml = """
        <mujoco model="probe">
          <compiler angle="radian"/>
          <option timestep="0.0037" gravity="0 0 -9.8125"/>
          <size nuserdata="3" nuser_body="1" nuser_jnt="1" nuser_geom="1" nuser_site="1" nuser_actuator="1"/>
          <default><geom type="sphere" size="0.05" mass="1.5" contype="0" conaffinity="0"/></default>
          <worldbody>
            <site name="fixed" pos="0.31 0.32 0.33" quat="0.6 0 0.8 0"/>
            <camera name="front" pos="0.91 0.92 0.93"/>
            <body name="lift" pos="0.11 0.12 0.13">
              <joint name="lift" type="slide" axis="0 0 1" ref="0.21"/>
              <geom/>
            </body>
            <body name="loose" pos="0.61 0.62 0.63" quat="0.8 0.6 0 0">
              <freejoint name="loose"/>
              <geom/>
            </body>
            <body name="arm" pos="1.11 1.12 1.13" quat="0.6 0 0 0.8">
              <joint name="swing" type="hinge" pos="0.01 0.02 0.03" axis="0 0.6 0.8" limited="true" range="-0.71 0.93"
                     ref="0.07"/>
              <geom pos="0.3 0 0"/>
              <geom pos="0.2 0.1 0"/>
              <geom pos="0.2 -0.1 0"/>
              <camera name="side" mode="targetbody" target="loose" pos="0.94 0.95 0.96"/>
              <body name="post" pos="0.41 0.42 0.43">
                <site name="post" pos="0.71 0.72 0.73"/>
                <camera mode="track" pos="0.97 0.98 0.99"/>
                <body name="hand" pos="0.51 0.52 0.53" quat="0 0.6 0 0.8">
                  <joint name="bend" type="hinge" pos="0.04 0.05 0.06" axis="0.8 0 0.6" damping="0.012"/>
                  <joint name="twist" type="hinge" axis="1 0 0" limited="true" range="-0.21 0.35" ref="0.09"
                         damping="0.027"/>
                  <geom pos="0.1 0.1 0"/>
                  <geom pos="0 0.1 0.2"/>
                  <site name="tip" pos="0.81 0.82 0.83" quat="0.8 0 0 0.6"/>
                </body>
              </body>
            </body>
            <body name="shelf" mocap="true" pos="2.1 2.2 2.3" quat="0.6 0 0 0.8">
              <site name="ledge" pos="0.1 0.2 0.3"/>
            </body>
            <body name="marker" mocap="true" pos="3.1 3.2 3.3"/>
          </worldbody>
          <actuator>
            <motor joint="swing" ctrllimited="true" ctrlrange="-0.72 0.94"/>
            <motor joint="bend"/>
            <motor joint="twist" ctrllimited="true" ctrlrange="-0.22 0.56"/>
            <motor joint="bend" gear="0.5"/>
            <general joint="twist" dyntype="integrator" gainprm="0.01"/>
            <general joint="swing" dyntype="integrator" gainprm="0.02" ctrllimited="true" ctrlrange="-0.73 0.95"/>
          </actuator>
          <sensor>
            <jointpos joint="swing"/>
            <framepos objtype="site" objname="fixed"/>
            <jointpos joint="twist"/>
          </sensor>
          <keyframe>
            <key time="0.77" qpos="0.23 0.64 0.65 0.66 0.6 0.8 0 0 0.08 -0.14 0.11"
                 qvel="0.015 0.025 0.035 0.045 0.055 0.065 0.075 0.085 0.095 0.105" act="0.17 0.18"
                 ctrl="0.15 -0.25 0.35 0.45 0.55 0.65"/>
            <key/>
            <key/>
          </keyframe>
        </mujoco>
        """;

    // of keyframe 0
    private static double[] KeyPositions => [0.23, 0.64, 0.65, 0.66, 0.6, 0.8, 0, 0, 0.08, -0.14, 0.11];

    private static double[] KeyVelocities =>
        [0.015, 0.025, 0.035, 0.045, 0.055, 0.065, 0.075, 0.085, 0.095, 0.105];

    private static double[] KeyActivations => [0.17, 0.18];

    private static double[] KeyControls => [0.15, -0.25, 0.35, 0.45, 0.55, 0.65];

    /// <summary>An entry that is not compared.</summary>
    public const double Any = double.NaN;

    public static readonly (string Field, int Value)[] Sizes =
    [
        ("nq", 11), ("nv", 10), ("nu", 6), ("na", 2), ("nbody", 8), ("njnt", 5), ("ngeom", 7),
        ("nsite", 4), ("ncam", 3), ("nsensor", 3), ("nkey", 3),
    ];

    public static readonly (string Field, Array Values)[] Arrays =
    [
        ("jnt_type", new int[] { 2, 0, 3, 3, 3 }), ("jnt_qposadr", new int[] { 0, 1, 8, 9, 10 }),
        ("jnt_dofadr", new int[] { 0, 1, 7, 8, 9 }), ("jnt_bodyid", new int[] { 1, 2, 3, 5, 5 }),
        ("body_parentid", new int[] { 0, 0, 0, 0, 3, 4, 0, 0 }), ("body_jntnum", new int[] { 0, 1, 1, 1, 0, 2, 0, 0 }),
        ("body_jntadr", new int[] { -1, 0, 1, 2, -1, 3, -1, -1 }), ("site_bodyid", new int[] { 0, 4, 5, 6 }),
        ("geom_bodyid", new int[] { 1, 2, 3, 3, 3, 5, 5 }), ("cam_bodyid", new int[] { 0, 3, 4 }),
        ("cam_mode", new int[] { 0, 3, 1 }), ("actuator_dyntype", new int[] { 0, 0, 0, 0, 1, 1 }),
        ("sensor_dim", new int[] { 1, 3, 1 }), ("sensor_adr", new int[] { 0, 1, 4 }),
        ("jnt_limited", new byte[] { 0, 0, 1, 0, 1 }), ("actuator_ctrllimited", new byte[] { 1, 0, 1, 0, 0, 1 }),
        ("qpos0", new double[] { 0.21, 0.61, 0.62, 0.63, 0.8, 0.6, 0, 0, 0.07, 0, 0.09 }),
        ("jnt_range", new double[] { 0, 0, 0, 0, -0.71, 0.93, 0, 0, -0.21, 0.35 }),
        ("jnt_pos", new double[] { 0, 0, 0, Any, Any, Any, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0, 0, 0 }),
        ("jnt_axis", new double[] { 0, 0, 1, Any, Any, Any, 0, 0.6, 0.8, 0.8, 0, 0.6, 1, 0, 0 }),
        ("body_pos", new double[] { 0, 0, 0, 0.11, 0.12, 0.13, 0.61, 0.62, 0.63, 1.11, 1.12, 1.13, 0.41, 0.42, 0.43,
            0.51, 0.52, 0.53, 2.1, 2.2, 2.3, 3.1, 3.2, 3.3 }),
        ("body_quat", new double[] { 1, 0, 0, 0, 1, 0, 0, 0, 0.8, 0.6, 0, 0, 0.6, 0, 0, 0.8, 1, 0, 0, 0, 0, 0.6, 0,
            0.8, 0.6, 0, 0, 0.8, 1, 0, 0, 0 }),
        ("body_mocapid", new int[] { -1, -1, -1, -1, -1, -1, 0, 1 }),
        ("body_mass", new double[] { 0, 1.5, 1.5, 4.5, 0, 3, 0, 0 }),
        ("body_inertia", new double[] { 0, 0, 0, 0.0015, 0.0015, 0.0015, 0.0015, 0.0015, 0.0015 }),
        ("geom_friction", new double[] { 1, 0.005, 0.0001, 1, 0.005, 0.0001, 1, 0.005, 0.0001, 1, 0.005, 0.0001, 1,
            0.005, 0.0001, 1, 0.005, 0.0001, 1, 0.005, 0.0001 }),
        ("dof_damping", new double[] { 0, 0, 0, 0, 0, 0, 0, 0, 0.012, 0.027 }),
        ("key_qpos", KeyPositions), ("key_qvel", KeyVelocities), ("key_act", KeyActivations), ("key_ctrl", KeyControls),
        ("site_pos", new double[] { 0.31, 0.32, 0.33, 0.71, 0.72, 0.73, 0.81, 0.82, 0.83, 0.1, 0.2, 0.3 }),
        ("site_quat", new double[] { 0.6, 0, 0.8, 0, 1, 0, 0, 0, 0.8, 0, 0, 0.6, 1, 0, 0, 0 }),
        ("geom_pos", new double[] { 0, 0, 0, 0, 0, 0, 0.3, 0, 0, 0.2, 0.1, 0, 0.2, -0.1, 0, 0.1, 0.1, 0, 0, 0.1, 0.2 }),
        ("cam_pos", new double[] { 0.91, 0.92, 0.93, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99 }),
        ("actuator_ctrlrange", new double[] { -0.72, 0.94, 0, 0, -0.22, 0.56, 0, 0, 0, 0, -0.73, 0.95 }),
    ];

    public const double Timestep = 0.0037;

    /// <summary>Time of keyframe 0, which mj_resetDataKeyframe copies into mjData.</summary>
    public const double KeyTime = 0.77;

    public static readonly (string Field, Array Values)[] KeyArrays =
    [
        ("qpos", KeyPositions), ("qvel", KeyVelocities), ("act", KeyActivations), ("ctrl", KeyControls),
        ("mocap_pos", new[] { 2.1, 2.2, 2.3, 3.1, 3.2, 3.3 }),
    ];

    /// <summary>After one step: the lift falls freely; sensors and forces are those of the keyframe.</summary>
    public static readonly (string Field, Array Values)[] SteppedArrays =
    [
        ("qacc_warmstart", new[] { -9.8125 }), ("sensordata", new[] { 0.08, 0.31, 0.32, 0.33, 0.11 }),
        ("actuator_force", new[] { 0.15, -0.25, 0.35, 0.45, 0.0017, 0.0036 }),
    ];
}
